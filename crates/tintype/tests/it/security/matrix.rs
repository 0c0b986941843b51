//! Who may do what, for every route of the description: each × who asks × whose image it is. A route without a rule fails.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::{Value, json};
use tintype_testkit::build;

use crate::support::{Client, Form, Reply, Server, base64};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Nobody,
    /// A browser that owns other images.
    OtherBrowser,
    /// The browser that uploaded the image.
    Owner,
    /// A page of another site, in the owner's browser.
    OwnerFromAnotherSite,
    /// A token of these scopes, whose images these are not.
    Token(&'static str),
    /// A token that never was.
    WrongToken,
    /// Somebody with the image's delete token.
    DeleteToken,
    /// Somebody with another image's delete token.
    OtherDeleteToken,
}

use Who::{
    DeleteToken, Nobody, OtherBrowser, OtherDeleteToken, Owner, OwnerFromAnotherSite, Token, WrongToken,
};

const ALL: [Who; 13] = [
    Nobody,
    OtherBrowser,
    Owner,
    OwnerFromAnotherSite,
    Token("upload"),
    Token("read"),
    Token("delete"),
    Token("paths"),
    Token("upload,paths"),
    Token("admin"),
    WrongToken,
    DeleteToken,
    OtherDeleteToken,
];

/// The image that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Unlisted,
    Private,
    Deleted,
    Missing,
}

const IMAGES: [Whose; 4] = [Whose::Unlisted, Whose::Private, Whose::Deleted, Whose::Missing];

impl Who {
    fn is_admin(self) -> bool {
        self == Token("admin")
    }

    fn has(self, scope: &str) -> bool {
        matches!(self, Token(scopes) if scopes.split(',').any(|each| each == scope || each == "admin"))
    }

    /// A token that is none is refused before anything else is asked.
    fn refused_outright(self) -> Option<u16> {
        (self == WrongToken).then_some(401)
    }

    fn is_token(self) -> bool {
        matches!(self, Token(_))
    }
}

/// Seeing an image: bytes, variants, its record.
fn view(who: Who, whose: Whose) -> u16 {
    match whose {
        Whose::Missing => 404,
        Whose::Deleted => 410,
        Whose::Unlisted => 200,
        Whose::Private if who == Owner || who.is_admin() => 200,
        Whose::Private => 404,
    }
}

/// Changing an image; `done` is what success answers.
fn own(who: Who, whose: Whose, done: u16) -> u16 {
    let is_mine = who == Owner || who.is_admin();
    match whose {
        Whose::Missing => 404,
        Whose::Deleted if !is_mine => 410,
        _ if is_mine => done,
        Whose::Private => 404,
        _ => 403,
    }
}

fn upload(who: Who, done: u16) -> u16 {
    if who.is_token() && !who.has("upload") { 403 } else { done }
}

fn admin(who: Who, done: u16) -> u16 {
    if who.is_admin() { done } else { 403 }
}

/// Seeing one's own list.
fn list(who: Who) -> u16 {
    match who {
        Nobody | OwnerFromAnotherSite | DeleteToken | OtherDeleteToken => 403,
        Token(_) if !who.has("read") => 403,
        _ => 200,
    }
}

/// What a route answers; `None` where there is no rule.
fn rule(operation: &str, who: Who, whose: Whose) -> Option<u16> {
    if let Some(refused) = who.refused_outright()
        && !matches!(
            operation,
            "getHealth"
                | "getReady"
                | "getVersion"
                | "getConfig"
                | "getDescription"
                | "getMetrics"
                | "getOembed"
                | "sendDirectUpload"
                | "completeDirectUpload"
        )
    {
        return Some(refused);
    }
    Some(match operation {
        "getOriginal" | "getVariant" | "readImage" => view(who, whose),
        // It says what a stranger sees, whoever asks.
        "getOembed" => view(Nobody, whose),
        "changeImage" if whose == Whose::Deleted && (who == Owner || who.is_admin()) => 410,
        "changeImage" => own(who, whose, 200),
        "deleteImage" if who == DeleteToken => {
            if matches!(whose, Whose::Missing) {
                404
            } else if whose == Whose::Deleted {
                410
            } else {
                204
            }
        }
        // A delete token is the right to its own image alone, and says nothing of others.
        "deleteImage" if who == OtherDeleteToken => 404,
        "deleteImage" => own(who, whose, 204),
        "restoreImage" => own(who, whose, 200),
        "listImages" | "listFiles" => list(who),
        // The path is the admin's, whoever's the image is.
        "readFile" if who.is_admin() => 200,
        "readFile" if list(who) == 200 => 404,
        "readFile" => 403,
        "moveFile" => admin(who, 200),
        "deleteFile" => admin(who, 204),
        "uploadImages" => upload(who, 201),
        "putFile" => {
            if who.has("upload") && who.has("paths") {
                201
            } else {
                403
            }
        }
        "uploadBase64" | "uploadForm" | "initDirectUpload" => upload(who, 200),
        // The upload's id alone is the right.
        "sendDirectUpload" | "completeDirectUpload" => 200,
        "listForm" => match who {
            Token(_) if !who.has("read") => 403,
            Owner if whose == Whose::Deleted => 404,
            OtherBrowser | Owner | Token("admin") => 200,
            // None of their own.
            _ => 404,
        },
        "deleteForm" => match own(who, whose, 200) {
            // In that dialect what is deleted was never there.
            200 if whose == Whose::Deleted => 404,
            410 => 404,
            status => status,
        },
        "listReports" | "listBans" | "listPurges" => admin(who, 200),
        "addPurge" | "retryPurges" => admin(who, 202),
        "ban" => admin(who, 200),
        "liftBan" => admin(who, 204),
        "closeReport" => admin(who, 404),
        "getConfig" | "getDescription" | "getHealth" | "getReady" | "getVersion" | "getMetrics" => 200,
        _ => return None,
    })
}

/// Makes every picture and every named path a fresh one.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// One image in one state, and everybody who may ask for it.
struct World<'a> {
    server: &'a Server,
    id: String,
    owner: Client,
    other: Client,
    delete_token: String,
    other_delete_token: String,
    admin: &'a Client,
    tokens: &'a [(&'static str, Client)],
}

impl<'a> World<'a> {
    fn new(
        server: &'a Server,
        admin: &'a Client,
        tokens: &'a [(&'static str, Client)],
        whose: Whose,
    ) -> Self {
        let (owner, other) = (server.client(), server.client());
        owner.get("/");
        other.get("/");
        let image = owner.upload("a.png", &build::png(9, 9, 1)).expect(201);
        let others = other.upload("b.png", &build::png(9, 9, 2)).expect(201);
        let id = image.at("/id");
        let address = format!("/api/v1/images/{id}");
        match whose {
            Whose::Private => drop(owner.patch(&address, &json!({"visibility": "private"})).expect(200)),
            Whose::Deleted => drop(owner.delete(&address).expect(204)),
            Whose::Unlisted | Whose::Missing => {}
        }
        let id = if whose == Whose::Missing { "11111111111111111".to_owned() } else { id };
        let (delete_token, other_delete_token) = (image.at("/delete_token"), others.at("/delete_token"));
        Self { server, id, owner, other, delete_token, other_delete_token, admin, tokens }
    }

    fn ask(
        &self,
        who: Who,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Reply {
        let mut headers = headers.to_vec();
        let nobody = self.server.client();
        let client = match who {
            Nobody => &nobody,
            OtherBrowser => &self.other,
            Owner => &self.owner,
            OwnerFromAnotherSite => {
                headers.push(("sec-fetch-site", "cross-site"));
                &self.owner
            }
            Token("admin") => self.admin,
            Token(scopes) => {
                &self.tokens.iter().find(|(known, _)| *known == scopes).expect("a token of each").1
            }
            WrongToken => {
                headers.push(("authorization", "Bearer tint_123456789012345678901234567890_00000000"));
                &nobody
            }
            DeleteToken => {
                headers.push(("tintype-delete-token", &self.delete_token));
                &nobody
            }
            OtherDeleteToken => {
                headers.push(("tintype-delete-token", &self.other_delete_token));
                &nobody
            }
        };
        client.send(method, path, &headers, body)
    }

    /// Sends what an operation takes.
    fn call(&self, operation: &str, method: &str, path: &str, who: Who) -> Reply {
        let picture = build::png(9, 9, 1_000 + NEXT.fetch_add(1, Ordering::Relaxed));
        let form = Form::new().file("c.png", &picture);
        let (form_type, form_body) = (form.content_type(), form.body());
        let json_type = [("content-type", "application/json")];
        let file = format!("{}.png", self.id);
        let path = path
            .replace("{file}", &file)
            .replace("{variant}", "w=320.webp")
            .replace("{path}", &format!("matrix/{}-{}.png", self.id, NEXT.fetch_add(1, Ordering::Relaxed)));
        let path = path.replace("{id}", &self.id);
        match operation {
            "uploadImages" | "uploadForm" => {
                self.ask(who, method, &path, &[("content-type", &form_type)], Some(&form_body))
            }
            "uploadBase64" => self.ask(
                who,
                method,
                &path,
                &json_type,
                Some(json!({"Image64": base64(&picture)}).to_string().as_bytes()),
            ),
            "putFile" => self.ask(who, method, &path, &[], Some(&picture)),
            "readFile" | "moveFile" | "deleteFile" => {
                self.admin.put(&path, &picture).expect(201);
                let to =
                    json!({"path": format!("matrix/moved-{}.png", NEXT.fetch_add(1, Ordering::Relaxed))});
                self.ask(who, method, &path, &json_type, Some(to.to_string().as_bytes()))
            }
            "changeImage" => self.ask(who, method, &path, &json_type, Some(br#"{"title": "t"}"#)),
            "initDirectUpload" => self.ask(who, method, &path, &json_type, Some(b"{}")),
            "sendDirectUpload" | "completeDirectUpload" => {
                let begun = self.admin.post("/uploads/init", "application/json", b"{}").expect(200);
                let send = |who| self.ask(who, "PUT", &begun.at("/uploadURL"), &[], Some(&picture));
                if operation == "sendDirectUpload" {
                    return send(who);
                }
                send(Nobody).expect(200);
                let body = json!({"uploadId": begun.at("/uploadId")}).to_string();
                self.ask(who, method, &path, &json_type, Some(body.as_bytes()))
            }
            "addPurge" => self.ask(who, method, &path, &json_type, Some(br#"{"address": "/blog/b.png"}"#)),
            "getOembed" => {
                let url = format!("http%3A//{}/p/{}", self.server.address(), self.id);
                self.ask(who, method, &format!("{path}?url={url}"), &[], None)
            }
            "ban" => self.ask(who, method, &path, &json_type, Some(br#"{"value": "203.0.113.7"}"#)),
            "liftBan" => {
                self.admin
                    .post("/api/v1/bans", "application/json", br#"{"value": "203.0.113.7"}"#)
                    .expect(200);
                self.ask(who, method, &format!("{path}?value=203.0.113.7"), &[], None)
            }
            _ => self.ask(who, method, &path, &[], None),
        }
    }
}

/// Every operation of the description: its name, method and path.
fn operations(server: &Server) -> Vec<(String, String, String)> {
    let description: Value = server.client().get("/api/openapi.json").expect(200).json();
    let mut found = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name =
                operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no name"));
            found.push((name.to_owned(), method.to_uppercase(), path.clone()));
        }
    }
    found
}

#[test]
fn every_route_has_a_rule_and_keeps_it() {
    let server = Server::start();
    let admin = server.token("admin");
    let tokens: Vec<(&'static str, Client)> = ALL
        .iter()
        .filter_map(|who| if let Token(scopes) = who { Some(*scopes) } else { None })
        .map(|scopes| (scopes, server.token(scopes)))
        .collect();
    let operations = operations(&server);
    assert!(operations.len() > 20, "{operations:?}");
    let mut wrong = BTreeSet::new();
    for whose in IMAGES {
        let shared = World::new(&server, &admin, &tokens, whose);
        for (operation, method, path) in &operations {
            for who in ALL {
                let Some(expected) = rule(operation, who, whose) else {
                    panic!("{operation} ({method} {path}) has no rule: say in this file who may do it");
                };
                // What one changes must not be what the next one meets.
                let changes = ["changeImage", "deleteImage", "restoreImage", "deleteForm", "listForm"]
                    .contains(&operation.as_str());
                let own = changes.then(|| World::new(&server, &admin, &tokens, whose));
                let found = own.as_ref().unwrap_or(&shared).call(operation, method, path, who).status;
                if found != expected {
                    wrong.insert(format!(
                        "{operation} by {who:?} of {whose:?}: {found}, and the rule says {expected}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
