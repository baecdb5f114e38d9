//! What runs the edge's programs: `driver` and `image` of the block `edge`.

use hcl::edit::structure::Block;

use super::super::super::Driver;
use super::super::super::document::start;
use super::super::super::edge::EdgeDriver;
use super::super::super::level::Level;
use super::super::super::problem::Complaint;
use super::super::{File, driver};
use crate::names::ImageReference;

/// No public image has all of it, so that there is no default.
const IMAGE_HOLDS: &str = "write `image = \"…\"`, an image of your own that holds HAProxy, keepalived, bash, coreutils, grep, sed, \
     iproute2 (`ip`) and util-linux (`setpriv`)";

impl<'a> File<'a> {
    /// The driver with what it needs; `None` only where something is wrong with it.
    pub(super) fn edge_driver(&mut self, block: &'a Block, level: &Level<'a>) -> Option<EdgeDriver> {
        let image: Option<ImageReference> = self.parse(level, "image", |text| Ok(text.parse()?));
        let written = level.attribute("image");
        let driver = match level.attribute("driver") {
            None => Driver::RawExec,
            Some(_) => self.parse(level, "driver", edge_driver)?,
        };
        match (driver, written) {
            (Driver::Docker, Some(_)) => Some(EdgeDriver::Docker { image: image? }),
            (Driver::Docker, None) => {
                let complaint = Complaint::new("block `edge` has the driver `docker` and no `image`");
                self.reader.complain(start(&block.ident), complaint.help(IMAGE_HOLDS));
                None
            }
            (_, Some(image)) => {
                let complaint = Complaint::new("`image` is for the driver `docker`, and the edge's is `raw_exec`");
                self.reader.complain(start(image), complaint.help("write `driver = \"docker\"`, or leave `image` out"));
                None
            }
            (_, None) => Some(EdgeDriver::RawExec),
        }
    }
}

/// A driver whose tasks can change a host's addresses.
fn edge_driver(text: &str) -> Result<Driver, Complaint> {
    const HELP: &str = "write `raw_exec`, or `docker` with an `image`";
    match driver(text) {
        Ok(Driver::Exec) => Err(Complaint::new(
            "`exec` cannot run an edge: its tasks have no right to change the host's addresses, and see nothing but their chroot",
        )
        .help(HELP)),
        Ok(driver) => Ok(driver),
        Err(complaint) => Err(complaint.help(HELP)),
    }
}
