//! What a port may do, each on a real socket. A real Spark answers in the tests of the deployed cluster.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{FILE, HEADER, NoAnswer, ask};

const LIMIT: Duration = Duration::from_secs(5);

/// What Spark 3.5.9, 4.0.5, 4.1.4 and 4.3.0 sent back, byte for byte.
const SPARK: &[u8] =
    b"\0\0\0\0\0\0\0\x47\x08\0\0\0\x0f/files/nomspark\0\0\0\x27Stream '/files/nomspark' was not found.";

/// Asks a server that reads the question and then does what it is given.
async fn asked<Served: Future<Output = ()>>(
    limit: Duration,
    serve: impl FnOnce(TcpStream) -> Served,
) -> Result<(), NoAnswer> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut question = vec![0; HEADER + FILE.len()];
        stream.read_exact(&mut question).await.unwrap();
        assert_eq!(question, b"\0\0\0\0\0\0\0\x1c\x06\0\0\0\x0f/files/nomspark");
        serve(stream).await;
    };
    tokio::join!(ask(address, limit), served).0
}

#[tokio::test]
async fn spark_answers() {
    let whole = |mut stream: TcpStream| async move { stream.write_all(SPARK).await.unwrap() };
    assert_eq!(asked(LIMIT, whole).await, Ok(()));
    let in_pieces = |mut stream: TcpStream| async move {
        for byte in SPARK {
            stream.write_all(&[*byte]).await.unwrap();
        }
    };
    assert_eq!(asked(LIMIT, in_pieces).await, Ok(()));
}

#[tokio::test]
async fn a_connection_that_is_closed_is_no_answer() {
    assert_eq!(asked(LIMIT, |stream| async move { drop(stream) }).await, Err(NoAnswer::Closed));
    let half = |mut stream: TcpStream| async move { stream.write_all(&SPARK[..20]).await.unwrap() };
    assert_eq!(asked(LIMIT, half).await, Err(NoAnswer::Closed));
}

#[tokio::test]
async fn another_server_is_no_spark() {
    let http = |mut stream: TcpStream| async move {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await.unwrap();
    };
    assert_eq!(asked(LIMIT, http).await, Err(NoAnswer::Foreign));
}

#[tokio::test]
async fn whoever_says_nothing_is_given_up() {
    let limit = Duration::from_millis(50);
    let silent = |mut stream: TcpStream| async move {
        // It ends when the other side gives up.
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    };
    let answer = asked(limit, silent).await;
    assert_eq!(answer, Err(NoAnswer::Silent(limit)));
    let words = "takes the connection, and no Spark master answers within 50 ms";
    assert_eq!(answer.unwrap_err().to_string(), words);
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_named_by_the_kernel() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = ask(SocketAddr::new(free.ip(), free.port()), LIMIT).await.unwrap_err();
    assert_eq!(refused.to_string(), "takes no connection: connection refused");
}
