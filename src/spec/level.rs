//! What one level of a document holds. Names that do not belong there are noted, and reading goes on.

use std::collections::BTreeMap;

use hcl::edit::expr::Expression;
use hcl::edit::structure::{Attribute, Block, Body, Structure};

use super::document::start;
use super::problem::Complaint;
use super::reader::Reader;
use super::schema::Section;

/// What one level of the file holds, without what does not belong there.
#[derive(Debug, Default)]
pub(super) struct Level<'a> {
    attributes: BTreeMap<&'a str, &'a Expression>,
    blocks: BTreeMap<&'a str, &'a Block>,
    labelled: Vec<&'a Block>,
}

impl<'a> Level<'a> {
    pub(super) fn attribute(&self, name: &str) -> Option<&'a Expression> {
        self.attributes.get(name).copied()
    }

    pub(super) fn block(&self, name: &str) -> Option<&'a Block> {
        self.blocks.get(name).copied()
    }

    /// The labelled blocks of a name, in the order of the file. Where one has no label or two, that is said already.
    pub(super) fn labelled(&self, name: &str) -> Vec<&'a Block> {
        self.labelled.iter().copied().filter(|block| block.ident.as_str() == name).collect()
    }
}

impl<'a> Reader<'a> {
    /// The attributes and blocks of a level that belong there, each name once.
    pub(super) fn level(&mut self, body: &'a Body, section: &Section) -> Level<'a> {
        let mut level = Level::default();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => self.take_attribute(attribute, section, &mut level),
                Structure::Block(block) => self.take_block(block, section, &mut level),
            }
        }
        level
    }

    /// The level inside a block, or an empty one where the block is missing.
    pub(super) fn inside(&mut self, block: Option<&'a Block>, section: &Section) -> Level<'a> {
        block.map(|block| self.level(&block.body, section)).unwrap_or_default()
    }

    fn take_attribute(&mut self, attribute: &'a Attribute, section: &Section, level: &mut Level<'a>) {
        let (name, offset) = (attribute.key.as_str(), start(&attribute.key));
        if self.document.is_repeated(offset) {
            return;
        }
        if section.attributes.contains(&name) {
            level.attributes.insert(name, &attribute.value);
        } else if section.blocks.contains(&name) {
            let complaint = Complaint::new(format!("`{name}` is a block, not an attribute"));
            self.complain(offset, complaint.help(format!("write `{name} {{ … }}` without `=`")));
        } else if section.labelled.contains(&name) {
            let complaint = Complaint::new(format!("`{name}` is a block, not an attribute"));
            let help = format!("write `{name} \"NAME\" {{ … }}` without `=`, once for each");
            self.complain(offset, complaint.help(help));
        } else {
            let complaint = Complaint::new(format!("unknown attribute `{name}`{}", section.place()));
            self.complain(offset, complaint.help(section.advice(name)));
        }
    }

    fn take_block(&mut self, block: &'a Block, section: &Section, level: &mut Level<'a>) {
        let (name, offset) = (block.ident.as_str(), start(&block.ident));
        if section.attributes.contains(&name) {
            let complaint = Complaint::new(format!("`{name}` is an attribute, not a block"));
            return self.complain(offset, complaint.help(format!("write `{name} = …`")));
        }
        if section.labelled.contains(&name) {
            self.one_label(block);
            return level.labelled.push(block);
        }
        if !section.blocks.contains(&name) {
            let complaint = Complaint::new(format!("unknown block `{name}`{}", section.place()));
            return self.complain(offset, complaint.help(section.advice(name)));
        }
        if let Some(label) = block.labels.first() {
            self.complain(start(label), Complaint::new(format!("block `{name}` takes no label")));
        }
        if level.blocks.contains_key(name) {
            self.complain(offset, Complaint::new(format!("block `{name}` stands twice")).help("there is one of each"));
        } else {
            level.blocks.insert(name, block);
        }
    }

    fn one_label(&mut self, block: &'a Block) {
        let name = block.ident.as_str();
        if block.labels.is_empty() {
            let complaint = Complaint::new(format!("block `{name}` has no label"));
            self.complain(start(&block.ident), complaint.help(format!("write `{name} \"NAME\" {{ … }}`")));
        }
        if let Some(second) = block.labels.get(1) {
            let complaint = Complaint::new(format!("block `{name}` takes one label, its name"));
            self.complain(start(second), complaint.help(format!("write a block of its own for each `{name}`")));
        }
    }
}
