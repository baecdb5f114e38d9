//! The machine and the versions that the figures were measured with.

use std::time::SystemTime;

use serde_json::Value;

use crate::Result;

/// Where and with what the figures were measured.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    date: String,
    cores: usize,
    memory_gib: f64,
    tools: Vec<String>,
}

impl Machine {
    /// Asks the system; the tools are those that a lab has told with its status.
    pub(crate) fn look(lab: &Value) -> Result<Self> {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let tool = |tool: &Value| Some(format!("{} {}", tool["name"].as_str()?, tool["version"].as_str()?));
        Ok(Self {
            date: now.chars().take_while(|c| *c != 'T').collect(),
            cores: std::thread::available_parallelism()?.get(),
            memory_gib: memory_gib()?,
            tools: lab["tools"].as_array().into_iter().flatten().filter_map(tool).collect(),
        })
    }

    /// All of it in one line.
    pub(crate) fn line(&self) -> String {
        let tools = self.tools.join(", ");
        format!("Measured on {}: {} cores, {:.0} GiB of memory; {tools}.", self.date, self.cores, self.memory_gib)
    }
}

fn memory_gib() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:")).ok_or("no MemTotal in /proc/meminfo")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1_048_576.0)
}
