//! `[limits]`

use std::time::Duration;

use crate::config::section::section;
use crate::config::setting::Size;

section! {
    /// How much is taken at once. What is above is answered with 413, 429 or 503.
    RawLimits "limits" {
        /// Most documents in one signature request.
        documents_per_request: u32 = default "50",
        /// Largest document.
        document: Size = default r#""100 MiB""#,
        /// Largest multipart body, all documents of a request together.
        body: Size = default r#""256 MiB""#,
        /// Largest JSON body.
        json: Size = default r#""8 MiB""#,
        /// Calls an app may make in a minute, in the long run. Of this limit and the next three each of the nodes that
        /// run lets an equal share through.
        calls_per_minute: u32 = default "1200",
        /// Calls an app may make at once after a pause.
        burst: u32 = default "200",
        /// Calls on the citizens' pages in a minute, in the long run, from one address (of IPv6, from one /64). A
        /// citizen needs about ten to approve a request; many citizens share the address of an office.
        address_calls_per_minute: u32 = default "600",
        /// The same at once after a pause.
        address_burst: u32 = default "200",
        /// Calls worked on at once, on each listener.
        calls_at_once: u32 = default "64",
        /// Calls that may wait for one of those places, on each listener.
        calls_waiting: u32 = default "256",
        /// New requests received at once, with their documents, all apps together.
        uploads_at_once: u32 = default "64",
        /// New requests that one app may send at once. The place is taken before the body is read.
        uploads_per_app: u32 = default "32",
        /// Connections open at once, on each listener.
        connections: u32 = default "4096",
        /// How long a client may take to send the head of a call.
        head_within: Duration = default r#""10 s""#,
        /// Longest pause within a body.
        pause: Duration = default r#""20 s""#,
        /// Bytes that a body must bring in each second that it is waited for, once a pause is used up.
        slowest: u32 = default "16384",
    }
}
