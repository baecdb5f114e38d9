//! Sends a local file to a running driver through Nomad's API alone.

use std::time::Duration;

use tokio::fs::File;
use tokio::io::AsyncSeekExt;
use tokio_retry::strategy::jitter;
use tracing::debug;

use crate::error::Advice;
use crate::exit::Exit;
use crate::http::backoff;
use crate::nomad::Nomad;
use crate::nomad::exec::{ExecError, Executed};

/// The driver's folder for data, as its own shell sees it.
const TARGET: &str = "$NOMAD_ALLOC_DIR/data/input";
/// How long the whole upload may take for each started 10 MB, after a first minute.
const TIME_PER_10_MB: Duration = Duration::from_secs(10);
/// How often an input that got lost on its way is sent again.
const RETRIES: usize = 4;
/// What the shell says when the driver has the input.
const TAKEN: &str = "taken";
/// How the shell ends when only a part of the input came: `EX_TEMPFAIL` of sysexits.h.
const CUT_SHORT: i64 = 75;

/// Why the driver does not have the input.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The session failed.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// The file cannot be read again from its beginning.
    #[error("failed to read the input")]
    Input(#[source] std::io::Error),
    /// The session ended well, but not all bytes came through it.
    #[error("the input got lost on its way to the driver: {0}")]
    Lost(String),
    /// The shell in the allocation did not take the file.
    #[error("the driver's node did not take the input: {0}")]
    NotTaken(String),
    /// It took too long.
    #[error("the input did not reach the driver within {}", humantime::format_duration(*.0))]
    TooSlow(Duration),
}

/// Sends `bytes` bytes of a file; the driver sees it only when it is whole. What it has already is not sent again.
///
/// A session that breaks is opened again. On busy nodes with Docker about one in a hundred does: it is reset, or ends
/// with exit code 0 although neither the input went in nor a word came out. So only the shell's own word counts.
pub async fn upload(
    nomad: &Nomad,
    allocation: &str,
    task: &str,
    mut file: File,
    bytes: u64,
) -> Result<(), UploadError> {
    let pieces = u32::try_from(bytes / 10_000_000).unwrap_or(u32::MAX);
    let limit = Duration::from_mins(1) + TIME_PER_10_MB.saturating_mul(pieces);
    let script = script(bytes);
    let sent = async {
        let mut waits = backoff().map(jitter).take(RETRIES);
        loop {
            match send(nomad, allocation, task, &script, &mut file).await {
                Err(error) if error.is_transient() => {
                    let Some(wait) = waits.next() else { return Err(error) };
                    debug!(%error, "the input is sent again");
                    tokio::time::sleep(wait).await;
                }
                ended => return ended,
            }
        }
    };
    tokio::time::timeout(limit, sent).await.map_err(|_| UploadError::TooSlow(limit))?
}

/// What the driver's shell runs. A session that broke may still write: to a file that has no name any more.
fn script(bytes: u64) -> String {
    format!(
        r#"input="{TARGET}"
[ -e "$input" ] && {{ echo {TAKEN}; exit 0; }}
rm -f "$input.part"
cat > "$input.part" && received=$(wc -c < "$input.part") || exit 1
[ "$received" -eq {bytes} ] || {{ echo "$received of {bytes} bytes arrived"; exit {CUT_SHORT}; }}
mv "$input.part" "$input" && echo {TAKEN}"#
    )
}

/// One session.
async fn send(nomad: &Nomad, allocation: &str, task: &str, script: &str, file: &mut File) -> Result<(), UploadError> {
    file.rewind().await.map_err(UploadError::Input)?;
    judge(nomad.exec(allocation, task, &["/bin/sh", "-c", script], file).await?)
}

fn judge(Executed { exit_code, output }: Executed) -> Result<(), UploadError> {
    let said = output.trim();
    match exit_code {
        0 if said.ends_with(TAKEN) => Ok(()),
        0 => Err(UploadError::Lost("the session ended without a word about it".to_owned())),
        CUT_SHORT => Err(UploadError::Lost(said.to_owned())),
        _ => Err(UploadError::NotTaken(said.to_owned())),
    }
}

impl UploadError {
    /// Whether another session may bring the input there.
    fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Lost(_) | Self::Exec(ExecError::Broken(_) | ExecError::Unfinished | ExecError::NoWebsocket(_))
        )
    }
}

impl Advice for UploadError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Exec(error) => error.hint(),
            Self::Input(_) => None,
            Self::NotTaken(_) => Some(
                "the driver needs sh, cat, wc, mv and rm where it runs, and room for the input in its allocation; an \
                 input given as a URI that all nodes can read needs none of them"
                    .to_owned(),
            ),
            Self::Lost(_) | Self::TooSlow(_) => {
                Some("an input given as a URI that all nodes can read is not sent at all".to_owned())
            }
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Exec(error) => error.exit(),
            Self::Input(_) | Self::Lost(_) | Self::NotTaken(_) => Exit::Failed,
            Self::TooSlow(_) => Exit::TimedOut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(exit_code: i64, output: &str) -> Result<(), UploadError> {
        judge(Executed { exit_code, output: output.to_owned() })
    }

    #[test]
    fn only_the_shells_own_word_says_that_the_input_is_there() {
        assert!(judged(0, "taken\n").is_ok());
        assert!(judged(0, "").unwrap_err().is_transient());
    }

    #[test]
    fn an_input_of_which_a_part_came_is_sent_again_and_one_without_room_is_not() {
        let error = judged(CUT_SHORT, "0 of 9 bytes arrived\n").unwrap_err();
        assert!(error.is_transient());
        assert_eq!(error.to_string(), "the input got lost on its way to the driver: 0 of 9 bytes arrived");
        assert!(!judged(1, "cat: write error: No space left on device\n").unwrap_err().is_transient());
    }
}
