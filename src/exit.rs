//! The exit codes: a contract with scripts, so each has a name and one meaning.

use std::process::ExitCode;

/// How a run of nomspark ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// 0: done. A closed pipe on standard output counts as done.
    Done = 0,
    /// 1: nomspark, an API or the infrastructure failed.
    Failed = 1,
    /// 2: wrong usage, or the spec is invalid. clap exits with the same code.
    Usage = 2,
    /// 3: cannot be placed: no such datacenter, constraint, driver or resource.
    Unplaceable = 3,
    /// 4: a token or a policy refused the request.
    Refused = 4,
    /// 5: a wait ran out of time.
    TimedOut = 5,
    /// 6: the application's or the watched job's own tasks failed.
    WorkFailed = 6,
    /// 10: `plan --detailed-exitcode` found changes.
    Changes = 10,
    /// 130: interrupted by Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
