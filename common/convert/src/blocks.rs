//! Blocks of a plan, as bytes.

/// Why a block is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a plan's block cannot be read: {0}")]
pub struct BadBlock(String);

/// Bytes of a block.
pub fn encode_block<T: serde::Serialize>(block: &T) -> Vec<u8> {
    postcard::to_stdvec(block).expect("blocks hold nothing that postcard refuses")
}

/// A block from its bytes; total on garbage.
pub fn decode_block<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, BadBlock> {
    postcard::from_bytes(bytes).map_err(|e| BadBlock(e.to_string()))
}
