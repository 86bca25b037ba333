//! Addresses of servers, as people give them.

use ureq::http::Uri;

/// Why an address is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// No address at all.
    #[error("not an address of the web")]
    Foreign,
    /// Another way of asking.
    #[error("neither http nor https")]
    Scheme,
    /// Nobody to ask.
    #[error("without a host")]
    Hostless,
    /// A name or password: it would stand in the list of processes.
    #[error("no name or password in the address: others see it")]
    Secret,
    /// A query.
    #[error("with a question in it")]
    Question,
}

/// Reads the address of a server.
///
/// # Errors
/// See [`Unfit`].
pub fn address(url: &str) -> Result<Uri, Unfit> {
    let uri = url.parse::<Uri>().map_err(|_| Unfit::Foreign)?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(Unfit::Scheme);
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(Unfit::Hostless);
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(Unfit::Secret);
    }
    if uri.query().is_some() {
        return Err(Unfit::Question);
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_the_web_without_secrets() {
        for good in [
            "http://192.0.2.1:9090",
            "https://prom.example/prometheus/",
            "http://[2001:db8::1]:9090",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("192.0.2.1:9090", Unfit::Scheme),
            ("ftp://192.0.2.1", Unfit::Scheme),
            ("http://", Unfit::Foreign),
            ("http://a:b@192.0.2.1", Unfit::Secret),
            ("http://192.0.2.1/?query=up", Unfit::Question),
        ] {
            assert_eq!(address(bad).unwrap_err(), why, "{bad}");
        }
    }
}
