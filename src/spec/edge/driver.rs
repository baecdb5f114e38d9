//! How the edge's programs run on a host.

use serde::Serialize;

use super::super::Driver;
use crate::names::ImageReference;

/// The Nomad task driver that runs `HAProxy` and keepalived. `exec` is none of them: its tasks may not change addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "driver", rename_all = "snake_case")]
pub enum EdgeDriver {
    /// The host's own programs.
    #[default]
    RawExec,
    /// In containers that share the host's network.
    Docker {
        /// What holds the programs; no public image has all of them.
        image: ImageReference,
    },
}

impl EdgeDriver {
    /// The driver among all that Nomad has.
    #[must_use]
    pub const fn driver(&self) -> Driver {
        match self {
            Self::RawExec => Driver::RawExec,
            Self::Docker { .. } => Driver::Docker,
        }
    }

    /// The driver's name in Nomad.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        self.driver().as_str()
    }

    /// The image, for docker alone.
    #[must_use]
    pub const fn image(&self) -> Option<&ImageReference> {
        match self {
            Self::RawExec => None,
            Self::Docker { image } => Some(image),
        }
    }
}
