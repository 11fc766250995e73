//! What the registration office sees of a blocked account, and what it can do.

use rubrica::domain::language::Language;
use rubrica::domain::secret::SecretText;
use serde_json::Value;

use super::credential::{activated, service};
use crate::harness::database::both_databases;
use crate::harness::project::Project;

const DNI: &str = "12345678Z";

fn shown(project: &Project) -> Value {
    project.json(&["signer", "show", DNI, "--json"])
}

fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

both_databases! {
    fn each_block_is_shown_and_only_that_of_the_password_is_taken_away(database) {
        let project = Project::in_order_on(database);
        activated(&project);
        let before = shown(&project);
        assert_eq!((&before["blocked_at"], &before["activation_blocked_at"]), (&Value::Null, &Value::Null));
        let service = service(&project);
        let unblock = || project.run(&["signer", "unblock", DNI]);

        for _ in 0..6 {
            let wrong = secret("0000-0000-0000-0000");
            assert!(service.begin_reset(Language::Spanish, &secret(DNI), &wrong).is_err());
        }
        let code = shown(&project);
        assert_eq!(code["blocked_at"], Value::Null);
        assert!(code["activation_blocked_at"].is_string(), "{code:#}");
        assert_eq!(code["can_sign"], before["can_sign"]);
        let refused = unblock();
        assert_eq!(refused.status, 1);
        for way in ["signer new-code", "signer register --renew"] {
            assert!(refused.err.contains(way), "{}", refused.err);
        }

        for _ in 0..5 {
            let wrong = secret("not the password");
            assert!(service.begin_change(Language::Spanish, &secret(DNI), &wrong).is_err());
        }
        let both = shown(&project);
        assert!(both["blocked_at"].is_string(), "{both:#}");
        assert_eq!(both["refusal"], "signer_blocked");
        let table = project.run(&["signer", "show", DNI]).out;
        assert!(table.contains("\nblocked at ") && table.contains("\nactivation blocked at "), "{table}");
        let free = unblock();
        assert_eq!(free.status, 0, "{}", free.err);
        let after = shown(&project);
        assert_eq!(after["blocked_at"], Value::Null);
        assert_eq!(after["activation_blocked_at"], code["activation_blocked_at"]);
    }
}
