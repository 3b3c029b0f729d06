//! Which operation of S3 a request is, told from its method, path and query.

use http::{Method, request::Parts};

/// An operation and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// AWS's name: `GetObject`.
    pub(crate) operation: &'static str,
    pub(crate) bucket: String,
    pub(crate) key: String,
}

/// Reads a path-style request.
pub(crate) fn classify(parts: &Parts) -> Target {
    let path = parts.uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let query = Query(parts.uri.query().unwrap_or_default());
    let copies = parts.headers.contains_key("x-amz-copy-source");
    let operation = match key.is_empty() {
        true => of_bucket(&parts.method, bucket, &query),
        false => of_object(&parts.method, &query, copies),
    };
    Target { operation, bucket: decode(bucket), key: decode(key) }
}

fn of_bucket(method: &Method, bucket: &str, query: &Query<'_>) -> &'static str {
    match method.as_str() {
        "GET" if bucket.is_empty() => "ListBuckets",
        "GET" if query.has("uploads") => "ListMultipartUploads",
        "GET" if query.has("location") => "GetBucketLocation",
        "GET" if query.has("lifecycle") => "GetBucketLifecycleConfiguration",
        "GET" if query.has("list-type") => "ListObjectsV2",
        "HEAD" => "HeadBucket",
        "PUT" => "CreateBucket",
        "DELETE" => "DeleteBucket",
        "POST" if query.has("delete") => "DeleteObjects",
        _ => "Other",
    }
}

fn of_object(method: &Method, query: &Query<'_>, copies: bool) -> &'static str {
    match method.as_str() {
        "GET" if query.has("uploadId") => "ListParts",
        "GET" => "GetObject",
        "HEAD" => "HeadObject",
        "PUT" if query.has("uploadId") && copies => "UploadPartCopy",
        "PUT" if query.has("uploadId") => "UploadPart",
        "PUT" if copies => "CopyObject",
        "PUT" => "PutObject",
        "POST" if query.has("uploads") => "CreateMultipartUpload",
        "POST" if query.has("uploadId") => "CompleteMultipartUpload",
        "DELETE" if query.has("uploadId") => "AbortMultipartUpload",
        "DELETE" => "DeleteObject",
        _ => "Other",
    }
}

struct Query<'a>(&'a str);

impl Query<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.split('&').any(|pair| pair.split('=').next() == Some(name))
    }
}

/// Undoes percent-encoding; what is not UTF-8 is replaced.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match code.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, uri: &str) -> (String, String, String) {
        let (parts, ()) = http::Request::builder().method(method).uri(uri).body(()).unwrap().into_parts();
        let target = classify(&parts);
        (target.operation.to_owned(), target.bucket, target.key)
    }

    #[test]
    fn requests_are_told_apart() {
        for (method, uri, want) in [
            ("GET", "/b/a%20b/c?x-id=GetObject", ("GetObject", "b", "a b/c")),
            ("GET", "/b/?list-type=2&prefix=x", ("ListObjectsV2", "b", "")),
            ("GET", "/b?uploads=", ("ListMultipartUploads", "b", "")),
            ("PUT", "/b/k?partNumber=1&uploadId=u", ("UploadPart", "b", "k")),
            ("POST", "/b/k?uploads", ("CreateMultipartUpload", "b", "k")),
            ("POST", "/b/k?uploadId=u", ("CompleteMultipartUpload", "b", "k")),
            ("DELETE", "/b/k?uploadId=u", ("AbortMultipartUpload", "b", "k")),
            ("DELETE", "/b/k", ("DeleteObject", "b", "k")),
            ("GET", "/", ("ListBuckets", "", "")),
            ("GET", "/b/%2", ("GetObject", "b", "%2")),
        ] {
            assert_eq!(of(method, uri), (want.0.into(), want.1.into(), want.2.into()), "{method} {uri}");
        }
    }
}
