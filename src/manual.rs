//! Documentation only: the design as built, the threat model, and why things are as they are.
//!
//! - [`design`]: how one signature is made, and which part does what;
//! - [`sole_control`]: how a key stays usable by its citizen alone;
//! - [`threats`]: who might attack, what stops them, and what does not;
//! - [`capacity`]: what one node, one database and one HSM carry, and what very many citizens need;
//! - [`decisions`]: choices that are not obvious, each with its reason.

pub mod capacity {
    #![doc = include_str!("manual/capacity.md")]
}

pub mod decisions {
    #![doc = include_str!("manual/decisions.md")]
}

pub mod design {
    #![doc = include_str!("manual/design.md")]
}

pub mod sole_control {
    #![doc = include_str!("manual/sole_control.md")]
}

pub mod threats {
    #![doc = include_str!("manual/threats.md")]
}
