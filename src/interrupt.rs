//! Ctrl-C: the first asks the command to end in good order, the second ends the process at once.

use std::sync::OnceLock;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::exit::Exit;

/// Waits for the first Ctrl-C (or SIGTERM) since it was first called in this process; a second one ends the process.
///
/// It listens from the first call on, not only while somebody waits: what comes between two waits is not lost.
pub fn interrupted() -> impl Future<Output = ()> {
    static ASKED: OnceLock<watch::Receiver<bool>> = OnceLock::new();
    let mut asked = ASKED.get_or_init(listen).clone();
    async move {
        if asked.wait_for(|asked| *asked).await.is_err() {
            // Without handlers the signals keep their default: they end the process.
            std::future::pending::<()>().await;
        }
    }
}

fn listen() -> watch::Receiver<bool> {
    let (tell, asked) = watch::channel(false);
    if let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        tokio::spawn(async move {
            either(&mut interrupt, &mut terminate).await;
            tell.send_replace(true);
            either(&mut interrupt, &mut terminate).await;
            #[expect(clippy::exit, reason = "the user asked twice")]
            std::process::exit(i32::from(Exit::Interrupted.code()));
        });
    }
    asked
}

async fn either(first: &mut Signal, second: &mut Signal) {
    tokio::select! {
        _ = first.recv() => {}
        _ = second.recv() => {}
    }
}
