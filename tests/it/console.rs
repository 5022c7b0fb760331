//! The administrators' console, as an administrator uses it.

use http::StatusCode;
use usher::access::{self, Role};
use usher::application::{
    AddressMode, ApplicationDraft, ApplicationId, ClientDraft, NewApplication, Purpose,
};
use usher::event::Actor;
use usher::identity::{IdentifierKind, IdentityStore, NewPassword, Proof};

use crate::addresses::proves_the_other_address;
use crate::harness::{Browser, Page, RelyingParty, TestApp, invitation};
use crate::identities::register;
use crate::sign_in::{PASSWORD, person, types};

const GRACE: &str = "grace.hopper@harborline.example";
const ADMIN: &str = "ada@northwind.example";

/// Usher with its console, "Expense Desk", and an administrator.
struct Office {
    test: TestApp,
    customers: IdentityStore,
    desk: RelyingParty,
    console: ApplicationId,
}

impl Office {
    async fn each(role: Role) -> Vec<Self> {
        let mut offices = Vec::new();
        for test in TestApp::each().await {
            offices.push(Self::furnish(test, role).await);
        }
        offices
    }

    async fn furnish(test: TestApp, role: Role) -> Self {
        let customers = test.store("Customers").await;
        let desk = test.expense_desk(customers.id).await;
        let store = test.store("Administrators").await;
        let application = ApplicationDraft {
            home_url: Some(test.app.links.console()),
            ..ApplicationDraft::named("Console")
        };
        let client = ClientDraft {
            redirect_uris: vec![test.app.links.console()],
            ..ClientDraft::default()
        };
        let new = NewApplication {
            store: store.id,
            purpose: Purpose::Console,
            application,
            client: Some(client),
        };
        let console = test.create(new).await.application.id;
        let ada = person(&test, &store, (ADMIN, Proof::Given), NewPassword::Own).await;
        let (moment, actor) = (test.app.moment(), Actor::System);
        let appointed = test
            .app
            .db
            .write(async |tx| access::appoint(tx, &moment, &actor, ada, role).await);
        appointed.await.unwrap();
        Self {
            test,
            customers,
            desk,
            console,
        }
    }

    /// The administrator signs in and is in the console.
    async fn enters(&self) -> (Browser, Page) {
        let mut browser = self.test.browser();
        let page = browser.open("/console").await;
        let page = types(&mut browser, &page, ADMIN, PASSWORD).await;
        assert_eq!(page.url.path(), "/console", "{}", page.body);
        (browser, page)
    }

    async fn grace_accepts(&self) {
        let letter = self.test.letter_to(GRACE).await;
        let mut grace = self.test.browser();
        let landing = grace.open(letter.link("/invitation/")).await;
        let form = grace.submit(&landing, "submit", &[]).await;
        let done = grace
            .submit(&form, "submit", &[("password", PASSWORD)])
            .await;
        assert!(done.leaves_for.is_some(), "{}", done.body);
    }

    async fn invites(&self, browser: &mut Browser) -> Page {
        let form = browser.open("/console/invitations/new").await;
        let application = self.desk.application.to_string();
        let typed = [
            ("application", application.as_str()),
            ("email", GRACE),
            ("given_name", "Grace"),
        ];
        browser.submit(&form, "submit", &typed).await
    }
}

/// R26, R45, R51, R57, R58, R133: an administrator invites, sees the invitation and its history, resends, and gets the link once.
#[tokio::test]
async fn r51_an_administrator_invites_and_follows_the_invitation() {
    for office in Office::each(Role::GlobalAdministrator).await {
        let (mut browser, home) = office.enters().await;
        assert!(home.text(".me").contains("Global Administrator"));
        let detail = office.invites(&mut browser).await;
        assert_eq!(detail.heading(), "Grace", "{}", detail.body);
        assert!(
            detail.text("main").contains("on its way")
                && detail.text(".timeline").contains("Created")
        );
        let letter = office.test.letter_to(GRACE).await;

        let list = browser.open("/console/invitations?status=pending").await;
        assert!(
            list.text("tbody").contains(GRACE) && list.text("tbody").contains("Sent"),
            "{}",
            list.body
        );
        let nobody = browser
            .open("/console/invitations?email=nobody@harborline.example")
            .await;
        assert!(!nobody.text("main").contains(GRACE));
        let again = office.invites(&mut browser).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);

        let resent = browser.submit(&detail, "resend", &[]).await;
        assert!(resent.text("main").contains("A new mail is on its way"));
        let shown = browser.submit(&resent, "new-link", &[]).await;
        let link = shown.text("#link");
        assert!(
            link.contains("/invitation/") && link != letter.link("/invitation/"),
            "{}",
            shown.body
        );
        let detail = browser.open(detail.url.path()).await;
        assert!(!detail.body.contains(&link) && detail.text(".timeline").contains("Link shown"));
    }
}

/// R27, R28, R29, R45, R53: "Accounts" shows the people of one identity store; the button beside the store's drop-down leads
/// to the form of that store; who has accepted is there, with their groups and why.
#[tokio::test]
async fn r27_r28_r53_who_accepted_is_among_the_accounts() {
    for office in Office::each(Role::GlobalAdministrator).await {
        let assigned = office.test.group("Everybody").await;
        let (application, store) = (office.desk.application, office.desk.store.to_string());
        office.test.assign(application, vec![assigned]).await;
        let (mut browser, home) = office.enters().await;
        let entry = home.attribute(".nav a[href$='/console/accounts']", "href");
        let accounts = browser.open(&entry.unwrap()).await;
        assert_eq!(accounts.heading(), "Accounts", "{}", accounts.body);
        assert_eq!(accounts.text("#store option[selected]"), "Customers");
        assert_eq!(
            accounts.attribute("#store option[selected]", "value"),
            Some(store.clone())
        );
        let leads = accounts.attribute("form.store #invite", "formaction");
        let form = format!("{}?store={store}", leads.unwrap());
        let form = browser.open(&form).await;
        assert_eq!(form.text("#store option[selected]"), "Customers");
        let application = application.to_string();
        let typed = [
            ("application", application.as_str()),
            ("email", GRACE),
            ("given_name", "Grace"),
            ("family_name", "Hopper"),
        ];
        browser.submit(&form, "submit", &typed).await;
        let pending = browser.open("/console/accounts").await;
        assert!(!pending.text("main").contains(GRACE), "R22: nothing yet");

        office.grace_accepts().await;
        searches(&mut browser).await;
        let list = browser.open("/console/accounts").await;
        let account = list.attribute("tbody a", "href").unwrap();
        let account = browser.open(&account).await;
        assert_eq!(account.heading(), "Grace Hopper", "{}", account.body);
        assert_eq!(account.text("#identifiers dd"), format!("{GRACE} verified"));
        assert_eq!(account.text("#groups th"), "Everybody");
        assert_eq!(account.text("#groups td"), "application");
        assert!(account.text("main").contains("Active"));
        assert_eq!(
            account.url.as_str(),
            account_of_the_done(&mut browser).await
        );
    }
}

/// Grace is found by the beginning of her address or of a name, and by nothing else.
async fn searches(browser: &mut Browser) {
    for search in ["", "GRACE.hop", "hopp"] {
        let list = browser
            .open(&format!("/console/accounts?search={search}"))
            .await;
        assert!(
            list.text("tbody").contains(GRACE),
            "{search}: {}",
            list.body
        );
    }
    let list = browser.open("/console/accounts?search=opper").await;
    assert!(!list.has("tbody") && list.text(".empty").contains("No account matches"));
}

/// Where the detail view of the latest finished invitation leads.
async fn account_of_the_done(browser: &mut Browser) -> String {
    let list = browser.open("/console/invitations?status=done").await;
    let detail = list.attribute("tbody a", "href").unwrap();
    let detail = browser.open(&detail).await;
    detail.attribute("#account", "href").unwrap()
}

/// Keyset pages: nobody is missing, nobody stands twice; another store's people are not among them.
#[tokio::test]
async fn accounts_come_page_by_page() {
    for office in Office::each(Role::Auditor).await {
        for number in 0..51 {
            let email = format!("person-{number}@harborline.example");
            let typed = [(IdentifierKind::Email, email.as_str())];
            let made = register(&office.test.app.db, &office.customers, &typed).await;
            made.unwrap();
        }
        let (mut browser, _) = office.enters().await;
        let first = browser.open("/console/accounts").await;
        assert!(!first.has("#invite"), "an auditor only looks");
        let next = first.attribute("#next", "href").unwrap();
        let second = browser.open(&next).await;
        let names = |page: &Page| page.body.matches("@harborline.example</small>").count();
        assert_eq!((names(&first), names(&second)), (50, 1));
        assert!(second.text("tbody").contains("person-0@") && !second.has("#next"));
        assert!(!first.text("tbody").contains(ADMIN) && !second.text("tbody").contains(ADMIN));
        let nobody = browser.open("/console/accounts/idn_nobody").await;
        assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    }
}

/// R4: who may not see people has no entry for them, and is refused.
#[tokio::test]
async fn r4_an_application_administrator_sees_no_accounts() {
    for office in Office::each(Role::ApplicationAdministrator).await {
        let (mut browser, home) = office.enters().await;
        for entry in ["accounts", "invitations", "invitations/new"] {
            assert!(!home.has(&format!(".nav a[href$='/console/{entry}']")));
        }
        let accounts = browser.open("/console/accounts").await;
        assert_eq!(accounts.status, StatusCode::FORBIDDEN);
    }
}

/// R38: where the policy asks for it, the detail view shows another address that the invitee has verified, and approves it.
#[tokio::test]
async fn r38_an_administrator_approves_another_address() {
    for office in Office::each(Role::SupportReadWrite).await {
        let change = |draft: &mut ApplicationDraft, _: &mut ClientDraft| {
            draft.policy.address = AddressMode::AnyWithApproval;
        };
        let store = office.customers.id;
        let atlas = office.test.application(store, "Atlas", change).await;
        let invited = office.test.issues(invitation(&atlas, GRACE)).await;
        let waits = proves_the_other_address(&office.test).await;
        assert_eq!(waits.status, StatusCode::FORBIDDEN);
        let (mut browser, _) = office.enters().await;
        let place = format!("/console/invitations/{}", invited.id);
        let detail = browser.open(&place).await;
        assert!(
            detail.text(".timeline").contains("grace@home.example"),
            "{}",
            detail.body
        );
        let approved = browser.submit(&detail, "approve-1", &[]).await;
        assert!(approved.text("main").contains("The address is approved"));
        assert!(approved.text("main").contains("Address approved"));
        assert!(!approved.has("#approve-1"));
    }
}

/// "Sign out" in the console signs the administrator out, and not the customer whose account they tried in the same browser.
#[tokio::test]
async fn signing_out_of_the_console_leaves_other_accounts_alone() {
    for office in Office::each(Role::Auditor).await {
        let (mut browser, home) = office.enters().await;
        let test = &office.test;
        let whom = (GRACE, Proof::Given);
        person(test, &office.customers, whom, NewPassword::Own).await;
        test.advance(chrono::TimeDelta::minutes(1));
        let page = browser.open(&office.desk.authorize(&[])).await;
        types(&mut browser, &page, GRACE, PASSWORD).await;
        let asked = browser.submit(&home, "sign-out", &[]).await;
        assert!(!asked.has("#accounts"), "{}", asked.body);
        let out = browser.submit(&asked, "logout-confirm", &[]).await;
        assert_eq!(out.heading(), "You are signed out");
        let silent = office.desk.authorize(&[("prompt", "none")]);
        let still = browser.open(&silent).await.leaves_for.unwrap();
        assert!(still.query().unwrap().contains("code="), "{still}");
        assert!(browser.open("/console").await.has("#username"));
    }
}

/// R59, R60, R61: revoking is done in the detail view, and the invitation leaves the list for good.
#[tokio::test]
async fn r60_a_revoked_invitation_leaves_the_list() {
    for office in Office::each(Role::SupportReadWrite).await {
        let (mut browser, _) = office.enters().await;
        let detail = office.invites(&mut browser).await;
        let list = browser.submit(&detail, "revoke-confirm", &[]).await;
        assert_eq!(list.url.path(), "/console/invitations");
        assert!(!list.text("main").contains(GRACE) && list.text("main").contains("revoked"));
        let detail = browser.open(detail.url.path()).await;
        assert!(!detail.has("#resend") && !detail.has("#revoke-confirm"));
    }
}

/// What is wrong stands at its field, and what was typed is kept. R45, R49: the union of groups is shown before sending.
#[tokio::test]
async fn r49_the_form_shows_what_will_be_and_what_is_wrong() {
    for office in Office::each(Role::SupportReadOnly).await {
        let everybody = office.test.group("Everybody").await;
        let auditors = office.test.group("Auditors").await.to_string();
        office
            .test
            .assign(office.desk.application, vec![everybody])
            .await;
        let (mut browser, _) = office.enters().await;
        let form = browser.open("/console/invitations/new").await;
        let application = office.desk.application.to_string();
        let typed = [
            ("application", application.as_str()),
            ("email", "grace@"),
            ("groups[]", auditors.as_str()),
        ];
        let asked = [&typed[..], &[("submit", "preview")]].concat(); // the button stands beside the form
        let preview = browser.post("/console/invitations/new", &asked).await;
        assert_eq!(preview.text(".stick tbody th"), "Auditors Everybody");
        assert_eq!(preview.text(".stick tbody td"), "invitation application");
        let refused = browser.submit(&form, "submit", &typed).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            refused.attribute("#email", "aria-invalid").as_deref(),
            Some("true")
        );
        assert_eq!(refused.value("email").as_deref(), Some("grace@"));
        assert!(
            !refused.has("#create-link"),
            "the link has its own permission (R133)"
        );
    }
}

/// R4: an auditor sees but doesn't invite, and whoever may invite people may still not make administrators.
#[tokio::test]
async fn r4_inviting_is_no_way_to_become_an_administrator() {
    for office in Office::each(Role::SupportReadWrite).await {
        let (mut browser, _) = office.enters().await;
        let form = browser.open("/console/invitations/new").await;
        assert!(
            !form.body.contains("Administrators")
                && !form.body.contains(&office.console.to_string())
        );
        let console = office.console.to_string();
        let typed = [
            ("application", console.as_str()),
            ("email", GRACE),
            ("submit", "send"),
        ];
        let refused = browser.post("/console/invitations/new", &typed).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(office.test.letters().await.is_empty());
    }
    for office in Office::each(Role::Auditor).await {
        let (mut browser, _) = office.enters().await;
        assert_eq!(
            browser.open("/console/invitations").await.status,
            StatusCode::OK
        );
        assert_eq!(
            browser.open("/console/invitations/new").await.status,
            StatusCode::FORBIDDEN
        );
    }
}
