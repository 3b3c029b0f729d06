//! Certificates and tokens for a cluster.
//!
//! The **authority** signs one certificate for each **party**: coordinator, worker, operator, viewer. A party's
//! **folder** holds all that it needs and nothing of the others, so that it can be handed to it as it is:
//!
//! ```text
//! DIR/ca/           ca.crt  ca.key                    for `renew` alone: keep it away from the services
//! DIR/coordinator/  ca.crt  tls.crt  tls.key  tokens  hashes of all valid tokens
//! DIR/worker/       ca.crt  tls.crt  tls.key  token   and so operator/ and viewer/
//! DIR/store/        rpc_secret                        if asked for: of the store that is started beside the cluster
//! ```

mod authority;
mod folder;
mod party;
mod store;
mod tokens;

pub(crate) use authority::{Authority, Identity, names_in, names_of};
pub(crate) use folder::Folder;
pub(crate) use party::Party;
pub(crate) use store::store_secret;
pub(crate) use tokens::{add, fresh_token, retire};
