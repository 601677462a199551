//! Custom domains of serverless APIs: what `Domain` says in, domain names, mappings and records out.

use super::python::{Map, Node, is_truthy, suffix_of};
use super::{Expansion, Properties, Source, attribute, list, object, reference, text};
use crate::source::Span;
use crate::value::{Data, Value};

const HOSTED_ZONE_OF_CLOUDFRONT: &str = "Z2FDTNDATAQYW2";

/// A domain that is being expanded.
struct Domain<'d> {
    settings: &'d Value,
    /// Id of the domain name.
    id: String,
    /// What records call it: `DomainName` itself for private domains, as the transform writes it.
    alias: Option<String>,
    endpoint: String,
    place: Span,
}

impl Domain<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        self.settings.member(name).filter(is_truthy)
    }
}

/// Expands the domain of a REST API; the domain as the transform leaves it, of which the deployment's id is made.
pub(super) fn of_rest(source: &Source<'_>, mut domain: Map, expansion: &mut Expansion) -> Map {
    let place = domain.place;
    let settings = domain.value();
    let name = settings
        .member("DomainName")
        .unwrap_or_else(|| Value::null(place));
    let endpoint = settings.member("EndpointConfiguration").filter(is_truthy);
    let endpoint = endpoint
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or("REGIONAL")
        .to_owned();
    let is_private = endpoint == "PRIVATE";
    let (prefix, kind) = match is_private {
        true => ("ApiGatewayDomainNameV2", "AWS::ApiGateway::DomainNameV2"),
        false => ("ApiGatewayDomainName", "AWS::ApiGateway::DomainName"),
    };
    let id = format!("{prefix}{}", suffix_of(&name).unwrap_or_default());
    if !is_private {
        domain.set_text("ApiDomainName", &id);
        if domain.get("EndpointConfiguration").is_none() {
            domain.set_text("EndpointConfiguration", "REGIONAL");
        }
    }
    let alias = (!is_private).then(|| id.clone());
    let known = Domain {
        settings: &settings,
        id,
        alias,
        endpoint,
        place,
    };
    let mut properties = Properties::default();
    properties.set("DomainName", name.span(), name);
    if let Some(certificate) = settings.member("CertificateArn") {
        let to = match &*known.endpoint {
            "REGIONAL" => "RegionalCertificateArn",
            _ => "CertificateArn",
        };
        properties.set(to, certificate.span(), certificate);
    }
    let types = list(vec![text(known.endpoint.as_str(), place)], place);
    let mut configuration = vec![("Types", types)];
    configuration.extend(
        known
            .get("IpAddressType")
            .map(|kind| ("IpAddressType", kind)),
    );
    let configuration = object(configuration, place);
    properties.set("EndpointConfiguration", place, configuration);
    if !is_private {
        set_mutual_tls(&known, &mut properties);
    }
    for part in [
        "SecurityPolicy",
        "EndpointAccessMode",
        "Policy",
        "OwnershipVerificationCertificateArn",
    ] {
        if let Some(value) = known.get(part) {
            properties.set(part, value.span(), value);
        }
    }
    expansion.add(known.id.clone(), kind, place, source, properties);
    let what = if is_private {
        "DomainNameV2"
    } else {
        "DomainName"
    };
    expansion.alias(&source.name, what, &known.id);
    map_paths(source, &known, is_private, expansion);
    if let Some(association) = known.get("AccessAssociation").filter(|_| is_private) {
        let endpoint = association.member("VpcEndpointId");
        let endpoint = endpoint.unwrap_or_else(|| Value::null(place));
        let parts = list(
            vec![endpoint.clone(), text(known.id.as_str(), place)],
            place,
        );
        let id = format!(
            "DomainNameAccessAssociation{}",
            suffix_of(&parts).unwrap_or_default()
        );
        let mut properties = Properties::default();
        properties.set("DomainNameArn", place, reference(&known.id, place));
        let kind = text("VPCE", place);
        properties.set("AccessAssociationSourceType", place, kind);
        properties.set("AccessAssociationSource", endpoint.span(), endpoint);
        let kind = "AWS::ApiGateway::DomainNameAccessAssociation";
        expansion.add(id, kind, place, source, properties);
    }
    record(source, &known, true, expansion);
    // The name of the distribution is put into the settings on the way.
    if known.endpoint == "EDGE"
        && let Some(Node::Map(route)) = domain.get_mut("Route53")
        && route.get("DistributionDomainName").is_none()
    {
        let name = attribute(&known.id, "DistributionDomainName", place);
        route.set("DistributionDomainName", Node::made(&name));
    }
    domain
}

fn set_mutual_tls(domain: &Domain<'_>, properties: &mut Properties) {
    if let Some(tls) = domain.get("MutualTlsAuthentication") {
        let parts = ["TruststoreUri", "TruststoreVersion"].into_iter();
        let parts = parts.filter_map(|part| Some((part, tls.member(part).filter(is_truthy)?)));
        let place = tls.span();
        let tls = object(parts.collect(), place);
        properties.set("MutualTlsAuthentication", place, tls);
    }
}

fn base_paths(domain: &Domain<'_>) -> Option<Vec<Value>> {
    let written = domain.get("BasePath")?;
    match &written.data {
        Data::List(_) => Some(written.elements().collect()),
        _ => written.as_str().is_some().then(|| vec![written.clone()]),
    }
}

fn map_paths(
    source: &Source<'_>,
    domain: &Domain<'_>,
    is_private: bool,
    expansion: &mut Expansion,
) {
    let place = domain.place;
    let name = &*source.name;
    let (kind, property) = match is_private {
        true => ("AWS::ApiGateway::BasePathMappingV2", "DomainNameArn"),
        false => ("AWS::ApiGateway::BasePathMapping", "DomainName"),
    };
    let mut properties = Properties::default();
    properties.set(property, place, reference(&domain.id, place));
    properties.set("RestApiId", place, reference(name, place));
    properties.set("Stage", place, reference(&format!("{name}.Stage"), place));
    let Some(paths) = base_paths(domain) else {
        expansion.add(
            format!("{name}BasePathMapping"),
            kind,
            place,
            source,
            properties,
        );
        return;
    };
    let is_normal = domain.settings.member("NormalizeBasePath");
    let is_normal = is_normal.is_none_or(|flag| is_truthy(&flag));
    for path in paths {
        let written = path.as_str().unwrap_or_default();
        let short: String = written.chars().filter(|c| c.is_alphanumeric()).collect();
        let id = format!("{name}{short}BasePathMapping");
        let mut properties = properties.clone();
        let mapped = if is_normal { short.as_str() } else { written };
        properties.set("BasePath", path.span(), text(mapped, path.span()));
        expansion.add(id, kind, path.span(), source, properties);
    }
}

/// Expands the domain of an HTTP or WebSocket API.
pub(super) fn of_http(
    source: &Source<'_>,
    settings: &Value,
    mark: &str,
    tags: Option<&Value>,
    expansion: &mut Expansion,
) {
    let place = settings.span();
    let name = settings
        .member("DomainName")
        .unwrap_or_else(|| Value::null(place));
    let id = format!(
        "ApiGatewayDomainNameV2{}",
        suffix_of(&name).unwrap_or_default()
    );
    let endpoint = settings
        .member("EndpointConfiguration")
        .filter(|one| !one.is_null());
    let endpoint = endpoint.unwrap_or_else(|| text("REGIONAL", place));
    let domain = Domain {
        settings,
        alias: Some(id.clone()),
        id,
        endpoint: endpoint.as_str().unwrap_or_default().to_owned(),
        place,
    };
    let mut configuration = Vec::new();
    configuration.extend(
        settings
            .member("CertificateArn")
            .map(|arn| ("CertificateArn", arn)),
    );
    configuration.push(("EndpointType", endpoint));
    for part in ["OwnershipVerificationCertificateArn", "SecurityPolicy"] {
        configuration.extend(domain.get(part).map(|value| (part, value)));
    }
    let mut properties = Properties::default();
    properties.set("DomainName", name.span(), name);
    let configurations = list(vec![object(configuration, place)], place);
    properties.set("DomainNameConfigurations", place, configurations);
    set_mutual_tls(&domain, &mut properties);
    let own = object(vec![(mark, text("SAM", place))], place);
    properties.set("Tags", place, tags.cloned().unwrap_or(own));
    let kind = "AWS::ApiGatewayV2::DomainName";
    expansion.add(domain.id.clone(), kind, place, source, properties);
    expansion.alias(&source.name, "DomainName", &domain.id);
    let api = &*source.name;
    let mut properties = Properties::default();
    properties.set("DomainName", place, reference(&domain.id, place));
    properties.set("ApiId", place, reference(api, place));
    properties.set("Stage", place, reference(&format!("{api}.Stage"), place));
    let kind = "AWS::ApiGatewayV2::ApiMapping";
    match base_paths(&domain) {
        None => expansion.add(format!("{api}ApiMapping"), kind, place, source, properties),
        Some(paths) => {
            for path in paths {
                let written = path.as_str().unwrap_or_default();
                let short = written.replace(['-', '_', '/'], "");
                let mut properties = properties.clone();
                let key = text(written.trim_matches('/'), path.span());
                properties.set("ApiMappingKey", path.span(), key);
                let id = format!("{api}{short}ApiMapping");
                expansion.add(id, kind, path.span(), source, properties);
            }
        }
    }
    record(source, &domain, false, expansion);
}

/// The records of a domain, all of a zone in one group.
fn record(source: &Source<'_>, domain: &Domain<'_>, is_rest: bool, expansion: &mut Expansion) {
    let Some(route) = domain
        .settings
        .member("Route53")
        .filter(|route| !route.is_null())
    else {
        return;
    };
    let place = route.span();
    let zone = |name: &str| route.member(name).filter(is_truthy);
    let Some(hosted) = zone("HostedZoneId").or_else(|| zone("HostedZoneName")) else {
        return;
    };
    let name = domain.settings.member("DomainName");
    let name = name.unwrap_or_else(|| Value::null(place));
    let is_separate = is_rest && zone("SeparateRecordSetGroup").is_some();
    let id = match is_separate {
        true => suffix_of(&list(vec![hosted.clone(), name.clone()], place)),
        false => suffix_of(&hosted),
    };
    let id = format!("RecordSetGroup{}", id.unwrap_or_default());
    let part = |attribute_name: &str| {
        let alias = domain.alias.as_deref();
        match alias.or_else(|| name.as_str()) {
            Some(alias) => attribute(alias, attribute_name, place),
            None => Value::null(place),
        }
    };
    let mut target = Vec::new();
    let health = route
        .member("EvaluateTargetHealth")
        .filter(|flag| !flag.is_null());
    target.extend(health.map(|health| ("EvaluateTargetHealth", health)));
    match &*domain.endpoint {
        "EDGE" if is_rest => {
            let distribution = route.member("DistributionDomainName");
            let distribution = distribution.unwrap_or_else(|| part("DistributionDomainName"));
            target.push(("HostedZoneId", text(HOSTED_ZONE_OF_CLOUDFRONT, place)));
            target.push(("DNSName", distribution));
        }
        "PRIVATE" if is_rest => {
            let own = |name: &str| route.member(name);
            target.extend(own("VpcEndpointHostedZoneId").map(|id| ("HostedZoneId", id)));
            target.extend(own("VpcEndpointDomainName").map(|name| ("DNSName", name)));
        }
        _ => {
            target.push(("HostedZoneId", part("RegionalHostedZoneId")));
            target.push(("DNSName", part("RegionalDomainName")));
        }
    }
    let target = object(target, place);
    let is_sixth = route.member("IpV6").and_then(|flag| flag.as_bool()) == Some(true);
    let records: Vec<Value> = ["A", "AAAA"]
        .into_iter()
        .take(if is_sixth { 2 } else { 1 })
        .map(|kind| {
            let mut record = vec![
                ("Name", name.clone()),
                ("Type", text(kind, place)),
                ("AliasTarget", target.clone()),
            ];
            for part in ["Region", "SetIdentifier"] {
                let value = route.member(part).filter(|value| !value.is_null());
                record.extend(value.map(|value| (part, value)));
            }
            object(record, place)
        })
        .collect();
    if !is_separate && expansion.resources.contains_key(&*id) {
        expansion.change(&id, "RecordSets", &mut |known| {
            let known = known.into_iter().flat_map(Value::elements);
            list(known.chain(records.iter().cloned()).collect(), place)
        });
        return;
    }
    let mut properties = Properties::default();
    for part in ["HostedZoneId", "HostedZoneName"] {
        if let Some(value) = route.member(part).filter(|value| !value.is_null()) {
            properties.set(part, value.span(), value);
        }
    }
    properties.set("RecordSets", place, list(records, place));
    expansion.add(
        id,
        "AWS::Route53::RecordSetGroup",
        place,
        source,
        properties,
    );
}
