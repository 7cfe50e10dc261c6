//! How much of a message is held while it is read, in bytes: roughly, and never far too little.

use federation::identifiers::Identifier;

use super::message::{
    Content, Deal, DeliveredFile, MessageParty, MessageRelease, ReleaseCodes, ReleaseDeal, Resource,
};

/// What takes up memory.
pub trait Held {
    /// How many bytes, itself included.
    fn held(&self) -> usize;
}

impl Held for str {
    fn held(&self) -> usize {
        size_of::<String>() + self.len()
    }
}

impl Held for String {
    fn held(&self) -> usize {
        self.as_str().held()
    }
}

impl Held for Identifier {
    fn held(&self) -> usize {
        size_of::<Self>() + self.value().len()
    }
}

impl Held for Content {
    fn held(&self) -> usize {
        size_of::<Self>() + self.resource.len()
    }
}

impl Held for DeliveredFile {
    fn held(&self) -> usize {
        size_of::<Self>() + self.uri.len() + 64
    }
}

impl<T: Held> Held for Option<T> {
    fn held(&self) -> usize {
        self.as_ref().map_or(size_of::<Self>(), Held::held)
    }
}

impl<A: Held, B: Held> Held for (A, B) {
    fn held(&self) -> usize {
        self.0.held() + self.1.held()
    }
}

impl<T: Held> Held for Vec<T> {
    fn held(&self) -> usize {
        size_of::<Self>() + self.iter().map(Held::held).sum::<usize>()
    }
}

impl Held for MessageParty {
    fn held(&self) -> usize {
        self.name.held() + self.codes.held()
    }
}

impl Held for ReleaseCodes {
    fn held(&self) -> usize {
        self.codes.held() + self.keys.held()
    }
}

impl Held for Resource {
    fn held(&self) -> usize {
        size_of::<Self>()
            + self.type_word.len()
            + self.codes.held()
            + self.own_codes.held()
            + self.title.held()
            + self.credit.held()
            + self.artists.held()
            + self.contributors.held()
            + self.p_line.held()
            + self.files.held()
    }
}

impl Held for MessageRelease {
    fn held(&self) -> usize {
        size_of::<Self>()
            + self.codes.held()
            + self.artists.held()
            + self.labels.held()
            + self.content.held()
            + self.pictures.held()
    }
}

impl Held for Deal {
    fn held(&self) -> usize {
        let texts = [
            &self.territories,
            &self.excluded,
            &self.models,
            &self.uses,
            &self.channels,
            &self.not_channels,
        ];
        size_of::<Self>() + texts.map(Held::held).iter().sum::<usize>() + self.periods.held()
    }
}

impl Held for ReleaseDeal {
    fn held(&self) -> usize {
        self.releases.held() + self.deals.held()
    }
}
