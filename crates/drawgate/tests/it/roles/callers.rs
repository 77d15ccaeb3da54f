//! Everybody who may ask, from nobody to the administrator.

use serde_json::{Value, json};

use crate::gateway::{Client, Gateway};

/// One column of the matrix.
pub struct Caller {
    pub name: &'static str,
    pub client: Client,
    /// The same identity with every scope, or the administrator for nobody.
    pub own: Client,
    email: Option<String>,
}

const PASSWORD: &str = "a long enough password";

impl Caller {
    /// Signs in anew, when the login is over.
    pub async fn renew(&mut self) {
        if let Some(email) = &self.email {
            self.client = sign_in(&self.client, email).await;
            self.own = self.client.clone();
        }
    }
}

/// Signs in with the password of every user here.
async fn sign_in(any: &Client, email: &str) -> Client {
    let body = json!({"email": email, "password": PASSWORD});
    let (status, login) = Client::new(&any.url, "")
        .rest("POST", "/api/login", Some(body))
        .await;
    assert_eq!(status, 200, "{login}");
    Client::new(&any.url, login["token"].as_str().unwrap())
}

/// Makes a user with a password.
pub async fn user(admin: &Client, name: &str, groups: &[&str]) -> Value {
    let email = format!("{name}@example.com");
    let body = json!({"email": email, "name": name, "password": PASSWORD, "groups": groups});
    let (status, user) = admin.rest("POST", "/api/users", Some(body)).await;
    assert_eq!(status, 201, "{user}");
    user
}

/// A user who is signed in.
pub async fn person(admin: &Client, name: &str, groups: &[&str]) -> Client {
    user(admin, name, groups).await;
    sign_in(admin, &format!("{name}@example.com")).await
}

/// Makes an API key and answers it with its token.
pub async fn key(admin: &Client, arguments: Value) -> (Client, Value) {
    let (status, key) = admin.rest("POST", "/api/keys", Some(arguments)).await;
    assert_eq!(status, 201, "{key}");
    (Client::new(&admin.url, key["token"].as_str().unwrap()), key)
}

/// One caller of each kind; those of group `team` see what it sees. `elsewhere`
/// is the administrator of another organization.
pub async fn callers(gateway: &Gateway, elsewhere: &Client) -> Vec<Caller> {
    let admin = gateway.admin();
    let mut callers = Vec::new();
    let nobody = gateway.client("");
    callers.push(Caller {
        name: "anonymous",
        client: nobody,
        own: admin.clone(),
        email: None,
    });
    for (name, groups) in [
        ("outsider", &[][..]),
        ("member", &["team"]),
        ("auditor", &["auditor"]),
        ("admin", &["admin"]),
    ] {
        let client = person(&admin, name, groups).await;
        let email = Some(format!("{name}@example.com"));
        callers.push(Caller {
            name,
            own: client.clone(),
            client,
            email,
        });
    }
    let mut keys = keys(&admin, &callers).await;
    let (machine, _) = key(&admin, json!({"name": "machine", "groups": ["team"]})).await;
    keys.push(Caller {
        name: "machine",
        client: machine.clone(),
        own: machine,
        email: None,
    });
    user(&admin, "inactive", &["admin"]).await;
    let (inactive, _) = key(
        &admin,
        json!({"name": "inactive", "user": "inactive@example.com"}),
    )
    .await;
    let off = admin
        .rest(
            "PATCH",
            "/api/users/inactive@example.com",
            Some(json!({"status": "inactive"})),
        )
        .await;
    assert_eq!(off.0, 200, "{}", off.1);
    keys.push(Caller {
        name: "inactive",
        client: inactive,
        own: admin,
        email: None,
    });
    callers.extend(keys);
    callers.push(Caller {
        name: "other_organization",
        client: elsewhere.clone(),
        own: elsewhere.clone(),
        email: None,
    });
    callers
}

/// Keys of people who are callers already.
async fn keys(admin: &Client, callers: &[Caller]) -> Vec<Caller> {
    let own = |name: &str| {
        callers
            .iter()
            .find(|caller| caller.name == name)
            .unwrap()
            .own
            .clone()
    };
    let (member, chief) = (own("member"), own("admin"));
    let mut keys = Vec::new();
    for (name, own, arguments) in [
        (
            "agent",
            &member,
            json!({"user": "member@example.com", "agent": true}),
        ),
        (
            "member_admin_scope",
            &member,
            json!({"user": "member@example.com", "scopes": ["drawgate:admin"]}),
        ),
        (
            "admin_read_scope",
            &chief,
            json!({"user": "admin@example.com", "scopes": ["drawgate:read"]}),
        ),
        (
            "admin_exec_scope",
            &chief,
            json!({"user": "admin@example.com", "scopes": ["drawgate:exec"]}),
        ),
    ] {
        let mut arguments = arguments;
        arguments["name"] = json!(name);
        let (client, _) = key(admin, arguments).await;
        keys.push(Caller {
            name,
            client,
            own: own.clone(),
            email: None,
        });
    }
    keys
}
