//! Sends a local file to a running driver through Nomad's API alone.

use std::time::Duration;

use tokio::fs::File;

use crate::nomad::Nomad;
use crate::nomad::exec::ExecError;

/// The driver's folder for data, as its own shell sees it.
const TARGET: &str = "$NOMAD_ALLOC_DIR/data/input";
/// How long the whole upload may take for each started 10 MB, after a first minute.
const TIME_PER_10_MB: Duration = Duration::from_secs(10);

/// Why the driver does not have the input.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The session failed.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// The shell in the allocation did not take the file.
    #[error("the driver's node did not take the input: {0}")]
    NotTaken(String),
    /// It took too long.
    #[error("the input did not reach the driver within {}", humantime::format_duration(*.0))]
    TooSlow(Duration),
}

/// Sends `bytes` bytes of a file; the driver sees it only when it is whole. What it has already is not sent again.
pub async fn upload(nomad: &Nomad, allocation: &str, task: &str, file: File, bytes: u64) -> Result<(), UploadError> {
    let script = format!(
        r#"[ -e "{TARGET}" ] && exit 0; cat > "{TARGET}.part" && received=$(wc -c < "{TARGET}.part") && if [ "$received" -eq {bytes} ]; then mv "{TARGET}.part" "{TARGET}"; else echo "$received of {bytes} bytes arrived"; exit 1; fi"#
    );
    let pieces = u32::try_from(bytes / 10_000_000).unwrap_or(u32::MAX);
    let limit = Duration::from_mins(1) + TIME_PER_10_MB.saturating_mul(pieces);
    let command = ["/bin/sh", "-c", script.as_str()];
    let executed = tokio::time::timeout(limit, nomad.exec(allocation, task, &command, file))
        .await
        .map_err(|_| UploadError::TooSlow(limit))??;
    if executed.exit_code == 0 { Ok(()) } else { Err(UploadError::NotTaken(executed.output.trim().to_owned())) }
}
