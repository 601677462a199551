//! Sets of addresses: CIDR texts in, unions, public parts and their classes out.

use std::sync::LazyLock;

use ipnet::IpNet;

/// A set of addresses: sorted, disjoint, inclusive ranges of each family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Addresses {
    v4: Ranges,
    v6: Ranges,
}

/// How much of the internet a set of addresses holds; ordered from nothing to everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// No public address.
    Private,
    /// Some, fewer than [`Reach::Broad`].
    Scoped,
    /// At least as many as a public IPv4 /8 or an IPv6 /28.
    Broad,
    /// At least a sixty-fourth of public IPv4, or an IPv6 /12.
    NearWorld,
    /// At least nine tenths of public IPv4, or more than half of the routed IPv6 space.
    World,
}

impl Reach {
    pub(super) fn word(self) -> &'static str {
        match self {
            Reach::Private => "private",
            Reach::Scoped => "scoped",
            Reach::Broad => "broad",
            Reach::NearWorld => "near_world",
            Reach::World => "world",
        }
    }
}

/// Not on the internet: the special-purpose registries of IANA,
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>.
const SPECIAL_V4: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];
/// The IPv6 space from which global addresses are given out, <https://www.rfc-editor.org/rfc/rfc4291#section-2.4>.
const GLOBAL_V6: &str = "2000::/3";
/// Parts of it that are not on the internet, <https://www.iana.org/assignments/iana-ipv6-special-registry>.
const SPECIAL_V6: &[&str] = &["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

/// Everything that is on the internet.
static PUBLIC: LazyLock<Addresses> = LazyLock::new(|| {
    let all = |texts: &[&str]| {
        texts
            .iter()
            .filter_map(|text| Addresses::parse(text))
            .fold(Addresses::default(), |all, set| all.union(&set))
    };
    let everything = all(&["0.0.0.0/0", GLOBAL_V6]);
    everything
        .without(&all(SPECIAL_V4))
        .without(&all(SPECIAL_V6))
});

impl Addresses {
    /// The addresses of a CIDR. Bits beyond its prefix are ignored, as EC2 does: `1.0.0.0/0` is everything.
    pub(super) fn parse(text: &str) -> Option<Addresses> {
        let net: IpNet = text.trim().parse().ok()?;
        let mut set = Addresses::default();
        match net {
            IpNet::V4(net) => set.v4.0.push((
                u32::from(net.network()).into(),
                u32::from(net.broadcast()).into(),
            )),
            IpNet::V6(net) => set
                .v6
                .0
                .push((net.network().into(), net.broadcast().into())),
        }
        Some(set)
    }

    pub(super) fn union(&self, other: &Addresses) -> Addresses {
        Addresses {
            v4: self.v4.union(&other.v4),
            v6: self.v6.union(&other.v6),
        }
    }

    fn without(&self, other: &Addresses) -> Addresses {
        Addresses {
            v4: self.v4.without(&other.v4),
            v6: self.v6.without(&other.v6),
        }
    }

    fn is_empty(&self) -> bool {
        self.v4.0.is_empty() && self.v6.0.is_empty()
    }

    /// Whether all addresses lie in `other`.
    pub(super) fn is_within(&self, other: &Addresses) -> bool {
        self.without(other).is_empty()
    }

    fn public(&self) -> Addresses {
        let outside = self.without(&PUBLIC);
        self.without(&outside)
    }

    /// The part of public IPv4 and of public IPv6 that is in the set.
    fn fractions(&self) -> (f64, f64) {
        let public = self.public();
        (
            public.v4.size() / PUBLIC.v4.size(),
            public.v6.size() / PUBLIC.v6.size(),
        )
    }

    /// The larger of the parts of public IPv4 and IPv6 that are in the set.
    pub(super) fn fraction(&self) -> f64 {
        let (v4, v6) = self.fractions();
        v4.max(v6)
    }

    /// How much of the internet it is.
    pub(super) fn reach(&self) -> Reach {
        let public = self.public();
        let (v4, v6) = self.fractions();
        let v6_size = public.v6.size();
        let prefix = |length: i32| 2f64.powi(128 - length);
        if v4 >= 0.9 || v6 > 0.5 {
            Reach::World
        } else if v4 >= 1.0 / 64.0 || v6_size >= prefix(12) {
            Reach::NearWorld
        } else if public.v4.size() >= 2f64.powi(24) || v6_size >= prefix(28) {
            Reach::Broad
        } else if public.is_empty() {
            Reach::Private
        } else {
            Reach::Scoped
        }
    }
}

/// Sorted, disjoint, inclusive ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Ranges(Vec<(u128, u128)>);

impl Ranges {
    fn union(&self, other: &Ranges) -> Ranges {
        let mut all = [self.0.as_slice(), &other.0].concat();
        all.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(all.len());
        for (start, end) in all {
            match merged.last_mut() {
                Some(last) if start <= last.1.saturating_add(1) => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        Ranges(merged)
    }

    fn without(&self, other: &Ranges) -> Ranges {
        let mut left = Vec::new();
        for &(start, end) in &self.0 {
            let mut from = Some(start);
            for &(cut, until) in other.0.iter().filter(|cut| cut.0 <= end && cut.1 >= start) {
                let Some(at) = from else { break };
                if cut > at {
                    left.push((at, cut - 1));
                }
                from = (until < end).then(|| until.saturating_add(1).max(at));
            }
            if let Some(at) = from {
                left.push((at, end));
            }
        }
        Ranges(left)
    }

    fn size(&self) -> f64 {
        self.0
            .iter()
            .map(|(start, end)| (end - start) as f64 + 1.0)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(texts: &[&str]) -> Reach {
        texts
            .iter()
            .map(|text| Addresses::parse(text).expect("a CIDR"))
            .fold(Addresses::default(), |all, set| all.union(&set))
            .reach()
    }

    #[test]
    fn a_set_of_addresses_is_as_wide_as_its_public_part() {
        for (texts, expected) in [
            (&["0.0.0.0/0"][..], Reach::World),
            (&["1.0.0.0/0"], Reach::World),
            (&["0.0.0.0/1", "128.0.0.0/1"], Reach::World),
            // The internet without one /5.
            (
                &[
                    "0.0.0.0/5",
                    "16.0.0.0/4",
                    "32.0.0.0/3",
                    "64.0.0.0/2",
                    "128.0.0.0/1",
                ],
                Reach::World,
            ),
            (&["::/0"], Reach::World),
            (&["0::0/0"], Reach::World),
            (&["2000::/3"], Reach::World),
            (&["2000::/4", "3000::/4"], Reach::World),
            (&["64.0.0.0/2"], Reach::NearWorld),
            (&["16.0.0.0/4"], Reach::NearWorld),
            (&["52.0.0.0/6"], Reach::NearWorld),
            (&["2600::/12"], Reach::NearWorld),
            (&["52.0.0.0/8"], Reach::Broad),
            (&["2600:1f00::/28"], Reach::Broad),
            (&["8.8.0.0/16"], Reach::Scoped),
            (&["8.8.8.8/32"], Reach::Scoped),
            (&["2600:1f18::/33"], Reach::Scoped),
            (
                &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
                Reach::Private,
            ),
            (&["100.64.0.0/10"], Reach::Private),
            (&["fc00::/7"], Reach::Private),
            (&["64:ff9b::/96"], Reach::Private),
            (&["2001:db8::/32"], Reach::Private),
            (&["203.0.113.0/24"], Reach::Private),
        ] {
            assert_eq!(reach(texts), expected, "{texts:?}");
        }
    }

    #[test]
    fn public_ipv4_has_as_many_addresses_as_the_registry_leaves() {
        assert_eq!(PUBLIC.v4.size(), 3_702_258_432.0);
    }

    #[test]
    fn what_is_no_cidr_is_refused() {
        for text in ["", "0.0.0.0", "0.0.0.0/33", "::/129", "sg-1", "10.0.0/8"] {
            assert_eq!(Addresses::parse(text), None, "{text}");
        }
    }

    #[test]
    fn splitting_a_block_changes_nothing() {
        let set = |text: &str| Addresses::parse(text).expect("a CIDR");
        let halves = set("10.0.0.0/9").union(&set("10.128.0.0/9"));
        assert_eq!(halves, set("10.0.0.0/8"));
        assert!(set("10.1.0.0/16").is_within(&halves));
        assert!(!set("0.0.0.0/0").is_within(&halves));
    }
}
