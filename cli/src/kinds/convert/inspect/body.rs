//! One member's bytes.

use super::survey::Archive;
use std::mem;
use tarquet_common::{codes::archive as codes, failure::Failure};
use tarquet_container::{BodySink, Container, Member, SeekPoint, Wanted, stream::MemberStream};

/// Gets the body of `member`, of at most `max` bytes, its checksum verified.
pub(crate) async fn body(archive: &Archive, member: &Member, max: u64) -> Result<Vec<u8>, Failure> {
    if let Some(refusal) = member.refusal() {
        return Err(refusal);
    }
    if member.size > max {
        let failure = Failure::new(codes::ARCHIVE_LIMIT, "the member is larger than members may be");
        return Err(failure.expected(format!("at most {max} bytes"), format!("{} bytes", member.size)));
    }
    let Archive { object, container } = archive;
    if *container == Container::Loose {
        return Ok(object.whole(max).await?.to_vec());
    }
    let mut stream = MemberStream::new(*container, &SeekPoint::START, None, vec![Wanted::from(member)])?;
    let mut keep = Keep(Vec::new());
    object
        .each(&mut |chunk| {
            stream.feed(chunk, &mut keep)?;
            Ok(!stream.is_done())
        })
        .await?;
    stream.finish(&mut keep)?;
    Ok(mem::take(&mut keep.0))
}

/// Keeps the one body that is wanted.
struct Keep(Vec<u8>);

impl BodySink for Keep {
    fn begin(&mut self, _: usize, size: u64) -> Result<(), Failure> {
        let too_large =
            |_| Failure::new(codes::ARCHIVE_LIMIT, "the member does not fit this machine's memory");
        self.0 = vec![0; usize::try_from(size).map_err(too_large)?];
        Ok(())
    }

    fn body(&mut self) -> &mut [u8] {
        &mut self.0
    }

    fn complete(&mut self, _: usize) -> Result<(), Failure> {
        Ok(())
    }
}
