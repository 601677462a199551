//! Protocols and ports: what the words of rules mean, and what listens where.

/// The highest port.
pub(super) const LAST: i64 = 65_535;

/// What a rule's protocol admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Every protocol; ports are ignored.
    All,
    /// One, by its number.
    Number(u8),
}

pub(super) const TCP: Protocol = Protocol::Number(6);
pub(super) const UDP: Protocol = Protocol::Number(17);

/// Names that Terraform or EC2 takes for protocol numbers,
/// <https://www.iana.org/assignments/protocol-numbers>.
const NAMES: &[(&str, u8)] = &[
    ("icmp", 1),
    ("igmp", 2),
    ("tcp", 6),
    ("egp", 8),
    ("udp", 17),
    ("rdp", 27),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("icmpv6", 58),
    ("ipv6-icmp", 58),
    ("ospf", 89),
    ("pim", 103),
    ("vrrp", 112),
    ("l2tp", 115),
    ("sctp", 132),
    ("udp-lite", 136),
    ("udplite", 136),
];

impl Protocol {
    /// Reads a name or number; case does not matter.
    pub(super) fn parse(text: &str) -> Option<Protocol> {
        let text = text.trim().to_ascii_lowercase();
        if matches!(text.as_str(), "-1" | "all") {
            return Some(Protocol::All);
        }
        let named = NAMES.iter().find(|(name, _)| *name == text);
        match named {
            Some((_, number)) => Some(Protocol::Number(*number)),
            None => text.parse().ok().map(Protocol::Number),
        }
    }

    /// The word that facts show: `all`, the four names that rules use, else the number.
    pub(super) fn word(self) -> String {
        match self {
            Protocol::All => "all".to_owned(),
            Protocol::Number(1) => "icmp".to_owned(),
            Protocol::Number(6) => "tcp".to_owned(),
            Protocol::Number(17) => "udp".to_owned(),
            Protocol::Number(58) => "icmpv6".to_owned(),
            Protocol::Number(number) => number.to_string(),
        }
    }

    /// Whether ports mean something. For every other protocol EC2 ignores them, SCTP and UDP-Lite included:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html>.
    pub(super) fn has_ports(self) -> bool {
        self == TCP || self == UDP
    }

    /// Whether everything that `other` admits is admitted by this.
    pub(super) fn covers(self, other: Protocol) -> bool {
        self == Protocol::All || self == other
    }
}

/// What listens on a port, as far as the number tells.
struct Listener {
    class: &'static str,
    from: i64,
    to: i64,
    over: Over,
}

/// Which transport a listener uses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    Tcp,
    Udp,
    Both,
}

const fn tcp(class: &'static str, from: i64, to: i64) -> Listener {
    Listener {
        class,
        from,
        to,
        over: Over::Tcp,
    }
}

const fn udp(class: &'static str, port: i64) -> Listener {
    Listener {
        class,
        from: port,
        to: port,
        over: Over::Udp,
    }
}

const fn both(class: &'static str, port: i64) -> Listener {
    Listener {
        class,
        from: port,
        to: port,
        over: Over::Both,
    }
}

/// Remote administration: whoever gets in has the machine.
const ADMIN: &str = "admin";
/// Databases, caches, queues and search engines.
const DATABASE: &str = "database";
/// File sharing, directories and other protocols of a local network.
const FILE: &str = "file";
/// Interfaces of the Kubernetes node agent, its store, and container engines.
const KUBELET: &str = "kubelet";
/// Web servers, meant for everybody.
const WEB: &str = "web";
/// Mail without encryption.
const MAIL: &str = "mail";
/// Answers that are larger than questions with forged senders.
const AMPLIFIER: &str = "amplifier";
/// Consoles, dashboards and application servers that are usually for insiders.
const INTERNAL: &str = "internal";

const LISTENERS: &[Listener] = &[
    both(ADMIN, 22),
    tcp(ADMIN, 23, 23),
    tcp(ADMIN, 512, 514),
    udp(ADMIN, 514),
    tcp(ADMIN, 1099, 1099),
    tcp(ADMIN, 2222, 2222),
    both(ADMIN, 3389),
    tcp(ADMIN, 4505, 4506),
    tcp(ADMIN, 5500, 5500),
    tcp(ADMIN, 5800, 5800),
    tcp(ADMIN, 5900, 5910),
    tcp(ADMIN, 5985, 5986),
    tcp(ADMIN, 6443, 6443),
    tcp(ADMIN, 8006, 8006),
    tcp(ADMIN, 8291, 8291),
    tcp(ADMIN, 9443, 9443),
    tcp(ADMIN, 10_000, 10_000),
    tcp(KUBELET, 2375, 2376),
    tcp(KUBELET, 2379, 2380),
    tcp(KUBELET, 10_250, 10_250),
    tcp(KUBELET, 10_255, 10_255),
    tcp(KUBELET, 51_678, 51_679),
    tcp(DATABASE, 1433, 1434),
    udp(DATABASE, 1434),
    tcp(DATABASE, 1521, 1522),
    tcp(DATABASE, 2181, 2181),
    tcp(DATABASE, 2483, 2484),
    tcp(DATABASE, 3306, 3306),
    tcp(DATABASE, 4222, 4222),
    tcp(DATABASE, 4333, 4333),
    tcp(DATABASE, 5432, 5433),
    tcp(DATABASE, 5439, 5439),
    tcp(DATABASE, 5601, 5601),
    tcp(DATABASE, 5672, 5672),
    tcp(DATABASE, 5984, 5984),
    tcp(DATABASE, 6379, 6380),
    tcp(DATABASE, 7000, 7001),
    tcp(DATABASE, 7199, 7199),
    tcp(DATABASE, 7474, 7474),
    tcp(DATABASE, 7687, 7687),
    tcp(DATABASE, 8086, 8086),
    tcp(DATABASE, 8123, 8123),
    tcp(DATABASE, 8182, 8182),
    tcp(DATABASE, 9000, 9000),
    tcp(DATABASE, 9042, 9042),
    tcp(DATABASE, 9092, 9094),
    tcp(DATABASE, 9160, 9160),
    tcp(DATABASE, 9200, 9200),
    tcp(DATABASE, 9300, 9300),
    both(DATABASE, 11_211),
    tcp(DATABASE, 15_672, 15_672),
    tcp(DATABASE, 26_257, 26_257),
    tcp(DATABASE, 27_017, 27_019),
    tcp(DATABASE, 28_015, 28_015),
    tcp(DATABASE, 50_000, 50_000),
    tcp(DATABASE, 61_616, 61_616),
    tcp(FILE, 20, 21),
    udp(FILE, 69),
    both(FILE, 88),
    both(FILE, 111),
    both(FILE, 135),
    tcp(FILE, 137, 139),
    udp(FILE, 137),
    udp(FILE, 138),
    both(FILE, 389),
    both(FILE, 445),
    tcp(FILE, 636, 636),
    tcp(FILE, 873, 873),
    both(FILE, 2049),
    tcp(FILE, 3268, 3269),
    tcp(MAIL, 25, 25),
    tcp(MAIL, 110, 110),
    tcp(MAIL, 143, 143),
    udp(AMPLIFIER, 19),
    udp(AMPLIFIER, 53),
    udp(AMPLIFIER, 69),
    udp(AMPLIFIER, 123),
    udp(AMPLIFIER, 161),
    udp(AMPLIFIER, 389),
    udp(AMPLIFIER, 1900),
    udp(AMPLIFIER, 11_211),
    both(WEB, 80),
    both(WEB, 443),
    tcp(INTERNAL, 3000, 3000),
    tcp(INTERNAL, 4040, 4040),
    tcp(INTERNAL, 4646, 4646),
    tcp(INTERNAL, 5000, 5000),
    tcp(INTERNAL, 6066, 6066),
    tcp(INTERNAL, 8000, 8000),
    tcp(INTERNAL, 8020, 8020),
    tcp(INTERNAL, 8080, 8081),
    tcp(INTERNAL, 8088, 8088),
    tcp(INTERNAL, 8200, 8200),
    tcp(INTERNAL, 8265, 8265),
    tcp(INTERNAL, 8300, 8302),
    tcp(INTERNAL, 8443, 8443),
    tcp(INTERNAL, 8500, 8500),
    tcp(INTERNAL, 8888, 8888),
    tcp(INTERNAL, 9090, 9090),
    tcp(INTERNAL, 9093, 9093),
    tcp(INTERNAL, 9100, 9100),
    tcp(INTERNAL, 11_434, 11_434),
    tcp(INTERNAL, 18_080, 18_080),
    tcp(INTERNAL, 50_070, 50_070),
];

/// What usually listens in a range of ports, each class once, in order of the table.
pub(super) fn classes(protocol: Protocol, from: i64, to: i64) -> Vec<&'static str> {
    let mut found = Vec::new();
    for listener in LISTENERS {
        let is_meant = match listener.over {
            Over::Tcp => protocol.covers(TCP),
            Over::Udp => protocol.covers(UDP),
            Over::Both => protocol.covers(TCP) || protocol.covers(UDP),
        };
        if is_meant
            && listener.from <= to
            && from <= listener.to
            && !found.contains(&listener.class)
        {
            found.push(listener.class);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_are_read_by_name_and_number_in_any_case() {
        for (text, expected) in [
            ("-1", Some("all")),
            ("ALL", Some("all")),
            ("tcp", Some("tcp")),
            ("TCP", Some("tcp")),
            ("6", Some("tcp")),
            ("17", Some("udp")),
            ("icmp", Some("icmp")),
            ("1", Some("icmp")),
            ("icmpv6", Some("icmpv6")),
            ("58", Some("icmpv6")),
            ("132", Some("132")),
            ("sctp", Some("132")),
            ("256", None),
            ("nonsense", None),
        ] {
            let word = Protocol::parse(text).map(Protocol::word);
            assert_eq!(word.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn ports_tell_classes_by_transport() {
        for (protocol, from, to, expected) in [
            (TCP, 22, 22, &["admin"][..]),
            (TCP, 20, 25, &["admin", "file", "mail"]),
            (UDP, 53, 53, &["amplifier"]),
            (TCP, 53, 53, &[]),
            (TCP, 443, 443, &["web"]),
            (TCP, 5433, 5500, &["admin", "database"]),
            (UDP, 11_211, 11_211, &["database", "amplifier"]),
            (Protocol::Number(1), 0, LAST, &[]),
            (TCP, 30, 20, &[]),
        ] {
            assert_eq!(
                classes(protocol, from, to),
                expected,
                "{protocol:?} {from}-{to}"
            );
        }
        assert_eq!(classes(Protocol::All, 0, LAST).len(), 8);
    }
}
