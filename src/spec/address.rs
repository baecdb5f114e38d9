//! Which addresses can float, and which a host can have.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::problem::Complaint;

/// The floating address with the prefix length of the hosts' network.
pub(super) fn floating(text: &str) -> Result<IpNet, Complaint> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address = unicast(address, text)?;
    let most = IpNet::from(address).max_prefix_len();
    let Some(length) = length else {
        return Err(Complaint::new(format!("`{address}` has no prefix length")).help(format!(
            "write that of the hosts' network after it, such as `{}`; `ip address` shows it on a host",
            example(address),
        )));
    };
    // A length of 0 would make the whole Internet a neighbour: the kernel adds a route to the address's network.
    length
        .parse()
        .ok()
        .filter(|number| *number > 0 && length.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|number| IpNet::new(address, number).ok())
        .ok_or_else(|| {
            Complaint::new(format!("`{}` is not a prefix length", length.escape_debug()))
                .help(format!("write a number from 1 to {most}, such as `{}`", example(address)))
        })
}

/// The address with a usual length of a network in which a host can have it.
fn example(address: IpAddr) -> IpNet {
    let usual: &[u8] = if address.is_ipv4() { &[24, 16, 8] } else { &[64, 48] };
    let networks = usual.iter().filter_map(|&length| IpNet::new(address, length).ok());
    networks.into_iter().find(|network| reserved(network, address).is_none()).unwrap_or_else(|| address.into())
}

/// A host's own address.
pub(super) fn host(text: &str) -> Result<IpAddr, Complaint> {
    match text.split_once('/') {
        Some((address, _)) => {
            let address = unicast(address, text)?;
            Err(Complaint::new(format!("`{}` has a prefix length, which only `vip` has", text.escape_debug()))
                .help(format!("write `{address}`")))
        }
        None => unicast(text, text),
    }
}

/// An address that one host on a network can have, and others can reach; `text` is all that was written.
fn unicast(address: &str, text: &str) -> Result<IpAddr, Complaint> {
    let Ok(address) = address.parse::<IpAddr>() else {
        return Err(Complaint::new(format!("`{}` is not an IP address", text.escape_debug()))
            .help("write one such as `172.16.3.0` or `fd00::3`; a host's name is not looked up"));
    };
    let canonical = address.to_canonical();
    if canonical != address {
        return Err(Complaint::new(format!("`{address}` is an IPv4 address within IPv6, which no interface has"))
            .help(format!("write `{canonical}`")));
    }
    match unusable(address) {
        None => Ok(address),
        Some((what, help)) => Err(Complaint::new(format!("`{address}` is {what}")).help(help)),
    }
}

/// What an address is that is no host's alone, and what to do about it.
fn unusable(address: IpAddr) -> Option<(&'static str, &'static str)> {
    let link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    if address.is_unspecified() {
        Some(("the unspecified address", "write the one address that is meant"))
    } else if address.is_loopback() {
        Some(("a loopback address, which no other host can reach", "write one of the hosts' network"))
    } else if address.is_multicast() {
        Some(("a multicast address, which is no single host's", "write one of the hosts' network"))
    } else if address == IpAddr::V4(Ipv4Addr::BROADCAST) {
        Some(("the broadcast address", "write one of the hosts' network"))
    } else if link_local {
        Some(("a link-local address, which means nothing beyond its link", "write a routable or a private one"))
    } else {
        None
    }
}

/// What an address is to its network, if it cannot be a host's there. A network of two addresses has no others (RFC
/// 3021, RFC 6164), and one of a single address says nothing of the real one.
pub(super) fn reserved(network: &IpNet, address: IpAddr) -> Option<&'static str> {
    if network.prefix_len() + 1 >= network.max_prefix_len() {
        None
    } else if address == network.network() {
        Some(if address.is_ipv4() { "the address of the network itself" } else { "the subnet-router anycast address" })
    } else if address.is_ipv4() && address == network.broadcast() {
        Some("the broadcast address")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T: std::fmt::Debug>(result: Result<T, Complaint>) -> (String, String) {
        let complaint = result.unwrap_err();
        (complaint.message, complaint.help.unwrap())
    }

    #[test]
    fn addresses_of_hosts_pass() {
        for text in ["172.16.3.0/16", "172.16.3.0/32", "10.0.0.1/31", "fd00::3/64", "2001:db8::1/128", "8.8.8.8/1"] {
            assert_eq!(floating(text).unwrap().to_string(), text);
            let (address, _) = text.split_once('/').unwrap();
            assert_eq!(host(address).unwrap().to_string(), address);
        }
    }

    #[test]
    fn what_is_no_single_host_s_is_refused() {
        for (text, what) in [
            ("0.0.0.0", "unspecified"),
            ("::", "unspecified"),
            ("127.0.0.1", "loopback"),
            ("127.255.0.9", "loopback"),
            ("::1", "loopback"),
            ("224.0.0.18", "multicast"),
            ("239.255.255.255", "multicast"),
            ("ff02::12", "multicast"),
            ("255.255.255.255", "broadcast"),
            ("169.254.1.1", "link-local"),
            ("fe80::1", "link-local"),
            ("::ffff:10.0.0.1", "within IPv6"),
            ("", "not an IP address"),
            ("borie", "not an IP address"),
            ("172.16.1", "not an IP address"),
            ("172.16.1.010", "not an IP address"),
            ("172.16.1.256", "not an IP address"),
            (" 172.16.1.1", "not an IP address"),
            ("fe80::1%eth0", "not an IP address"),
        ] {
            assert!(refusal(host(text)).0.contains(what), "{text}");
            assert!(refusal(floating(&format!("{text}/24"))).0.contains(what), "{text}");
        }
    }

    #[test]
    fn the_floating_address_has_a_prefix_length() {
        for (text, example) in [
            ("172.16.3.1", "172.16.3.1/24"),
            ("172.16.3.0", "172.16.3.0/16"),
            ("10.0.0.0", "10.0.0.0/32"),
            ("fd00::3", "fd00::3/64"),
        ] {
            let (message, help) = refusal(floating(text));
            assert_eq!(message, format!("`{text}` has no prefix length"));
            assert!(help.contains(&format!("such as `{example}`; ")), "{help}");
        }
        for (text, most) in [
            ("10.0.0.1/33", "from 1 to 32"),
            ("10.0.0.1/0", "from 1 to 32"),
            ("10.0.0.1/", "from 1 to 32"),
            ("10.0.0.1/+8", "from 1 to 32"),
            ("10.0.0.1/255.0.0.0", "from 1 to 32"),
            ("10.0.0.1/8/8", "from 1 to 32"),
            ("fd00::3/129", "from 1 to 128"),
        ] {
            let (message, help) = refusal(floating(text));
            assert!(message.ends_with("is not a prefix length") && help.contains(most), "{text}: {help}");
        }
    }

    #[test]
    fn a_host_s_address_has_none() {
        let (message, help) = refusal(host("172.16.1.10/16"));
        assert_eq!(message, "`172.16.1.10/16` has a prefix length, which only `vip` has");
        assert_eq!(help, "write `172.16.1.10`");
    }

    #[test]
    fn networks_keep_addresses_to_themselves() {
        let role = |text: &str| {
            let network: IpNet = text.parse().unwrap();
            reserved(&network, network.addr())
        };
        assert_eq!(role("172.16.0.0/16"), Some("the address of the network itself"));
        assert_eq!(role("172.16.255.255/16"), Some("the broadcast address"));
        assert_eq!(role("10.0.0.3/30"), Some("the broadcast address"));
        assert_eq!(role("fd00::/64"), Some("the subnet-router anycast address"));
        assert_eq!(role("fd00::4/126"), Some("the subnet-router anycast address"));
        for text in ["172.16.3.0/16", "10.0.0.0/31", "10.0.0.1/31", "10.0.0.0/32", "fd00::/127", "fd00::/128"] {
            assert_eq!(role(text), None, "{text}");
        }
        assert_eq!(role("fd00::ffff:ffff:ffff:ffff/64"), None, "IPv6 has no broadcast");
    }
}
