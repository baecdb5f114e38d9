//! Ctrl-C: the first asks the command to end in good order, the second ends the process at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::Exit;

/// Waits for the first Ctrl-C (or SIGTERM); from then on a second one ends the process.
///
/// It listens from the call on, not only once somebody waits: what runs beside it may begin first.
pub fn interrupted() -> impl Future<Output = ()> {
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            // Without handlers the signals keep their default: they end the process.
            return std::future::pending().await;
        };
        either(&mut interrupt, &mut terminate).await;
        tokio::spawn(async move {
            either(&mut interrupt, &mut terminate).await;
            #[expect(clippy::exit, reason = "the user asked twice")]
            std::process::exit(i32::from(Exit::Interrupted.code()));
        });
    }
}

async fn either(first: &mut Signal, second: &mut Signal) {
    tokio::select! {
        _ = first.recv() => {}
        _ = second.recv() => {}
    }
}
