//! File names as only an attacker, or a very unlucky person, has them.

/// Names that must never reach a path, a header or a page as they are. Some hold NUL, line ends and quotes, so they
/// cannot all be sent in a header unescaped.
pub fn hostile() -> Vec<String> {
    let mut names: Vec<String> = [
        "",
        " ",
        ".",
        "..",
        "../../../../etc/passwd",
        "..\\..\\windows\\win.ini",
        "/etc/passwd",
        "C:\\boot.ini",
        "\\\\server\\share\\a.jpg",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "....//....//etc/passwd",
        ".htaccess",
        "a.jpg/../../b.jpg",
        "a\0.jpg",
        "a.php\0.jpg",
        "a.jpg\nSet-Cookie: tintype_owner=stolen",
        "a.jpg\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>",
        "a\u{2028}b\u{2029}c.jpg",
        "a\tb.jpg",
        "a\u{7f}\u{1b}[31m.jpg",
        "photo\u{202e}gpj.exe",
        "\u{2066}photo\u{2069}.jpg",
        "\u{feff}photo.jpg",
        "ph\u{200b}oto.jpg",
        "e\u{301}te\u{301}.jpg",
        "猫の写真.jpg",
        "👩‍👩‍👧‍👦.png",
        "<script>alert(1)</script>.jpg",
        "<img src=x onerror=alert(1)>.jpg",
        "\"><svg onload=alert(1)>.jpg",
        "' onmouseover='alert(1).jpg",
        "javascript:alert(1)//.jpg",
        "](javascript:alert(1)).jpg",
        "![x](https://example.org/x.jpg)",
        "[/img][url=javascript:alert(1)]x[/url].jpg",
        "{{7*7}}${7*7}<%= 7*7 %>.jpg",
        "&lt;b&gt;&amp;.jpg",
        "a;rm -rf ~;.jpg",
        "$(touch owned).jpg",
        "`touch owned`.jpg",
        "-rf.jpg",
        "--help",
        "'; drop table images; --.jpg",
        "a?b#c%zz.jpg",
        "CON.jpg",
        "nul",
        "a.jpg.html",
        "a.svg",
        "name with  spaces .jpg ",
        "filename=\"b.html\"; x=\".jpg",
    ]
    .map(str::to_owned)
    .into();
    names.push(format!("{}.jpg", "n".repeat(300)));
    names.push(format!("{}.jpg", "名".repeat(300)));
    names.push("../".repeat(100));
    names.push(format!("a{}.jpg", "\u{301}".repeat(299)));
    names
}

#[cfg(test)]
mod tests {
    use super::hostile;

    #[test]
    fn every_family_is_there_and_none_twice() {
        let names = hostile();
        let has = |what: &dyn Fn(&str) -> bool| assert!(names.iter().any(|name| what(name)));
        has(&|name| name.contains("../"));
        has(&|name| name.contains('\0'));
        has(&|name| name.contains("\r\n"));
        has(&|name| name.contains('\u{202e}'));
        has(&|name| name.contains("<script>"));
        has(&|name| name.chars().count() > 300);
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), names.len());
    }
}
