//! A question to Consul's DNS.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

/// A question of ours, recursion not wanted, one name (RFC 1035, 4.1.1).
const HEADER: [u8; 12] = [0x2a, 0x2a, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
/// Type A, class IN.
const A_IN: [u8; 4] = [0, 1, 0, 1];

/// The different IPv4 addresses that a name leads to.
pub(super) fn addresses(server: &str, name: &str) -> Vec<Ipv4Addr> {
    let mut question = HEADER.to_vec();
    for label in name.split('.') {
        question.push(label.len().try_into().unwrap());
        question.extend(label.bytes());
    }
    question.push(0);
    question.extend(A_IN);
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.send_to(&question, server).unwrap();
    let mut answer = [0; 4096];
    let length = socket.recv(&mut answer).unwrap();
    // Each answer: a pointer to the name, A, IN, four bytes of time to live, the length 4, the address.
    let records = &answer[question.len()..length];
    let found: BTreeSet<Ipv4Addr> = records
        .windows(14)
        .filter(|record| record[..4] == A_IN && record[8..10] == [0, 4])
        .map(|record| <[u8; 4]>::try_from(&record[10..14]).unwrap().into())
        .collect();
    found.into_iter().collect()
}
