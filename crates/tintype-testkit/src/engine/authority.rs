//! A certificate authority for tests, by `openssl`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// An authority with its root in a folder.
#[derive(Clone, Debug)]
pub struct Authority {
    dir: PathBuf,
}

/// A certificate and its private key, in PEM.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The certificate's file.
    pub certificate: PathBuf,
    /// The key's file.
    pub key: PathBuf,
}

impl Authority {
    /// Makes one whose files are in `dir`.
    ///
    /// # Panics
    /// When `openssl` cannot be run.
    pub fn new(dir: &Path) -> Self {
        let this = Self { dir: dir.to_owned() };
        this.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=an authority for tests",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
        ]);
        this
    }

    /// Its root, in PEM.
    pub fn root(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// Issues a certificate for names such as `DNS:img.example.test` or `IP:127.0.0.1`, into files that begin with `file`.
    ///
    /// # Panics
    /// When `openssl` refuses.
    pub fn issue(&self, file: &str, names: &[&str]) -> Pair {
        self.issue_for(file, names, 2)
    }

    /// The same, of one that ends in so many days. Below 0 it has ended.
    ///
    /// # Panics
    /// When `openssl` refuses.
    pub fn issue_for(&self, file: &str, names: &[&str], days: i32) -> Pair {
        let extensions = format!("{file}.ext");
        let text = format!("subjectAltName={}\nextendedKeyUsage=serverAuth\n", names.join(","));
        fs::write(self.dir.join(&extensions), text).expect("the folder takes files");
        self.sign(file, days, &["-extfile", &extensions])
    }

    /// Issues one of X.509 version 1, which has no place for names.
    ///
    /// # Panics
    /// When `openssl` refuses.
    pub fn issue_version_1(&self, file: &str) -> Pair {
        self.sign(file, 2, &[])
    }

    fn sign(&self, file: &str, days: i32, extensions: &[&str]) -> Pair {
        let [key, request, certificate] = ["key", "csr", "pem"].map(|end| format!("{file}.{end}"));
        self.openssl(&[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            "/CN=of a test",
            "-keyout",
            &key,
            "-out",
            &request,
        ]);
        let days = days.to_string();
        let sign = ["x509", "-req", "-in", &request, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
        self.openssl(&[&sign, &["-days", &days, "-out", &certificate][..], extensions].concat());
        Pair { certificate: self.dir.join(certificate), key: self.dir.join(key) }
    }

    fn openssl(&self, arguments: &[&str]) {
        let output =
            Command::new("openssl").args(arguments).current_dir(&self.dir).output().expect("openssl runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
