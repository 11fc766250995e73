//! Changes of an app that come at the same time.

use rubrica::domain::app::App;
use rubrica::domain::id::AppId;
use rubrica::store::{Store, StoreError, apps};
use time::Duration;

use crate::harness::ambient;
use crate::harness::database::both_databases;

fn find(store: &Store, id: AppId) -> App {
    let found = store.read::<_, StoreError>(|connection| apps::find(connection, id));
    found.unwrap().unwrap()
}

both_databases! {
    fn a_change_of_an_app_leaves_what_others_changed_meanwhile(database) {
        let store = database.store();
        let (ambient, _) = ambient::known();
        let now = ambient.now();
        let app = App {
            id: ambient.id(),
            name: "Sede".parse().unwrap(),
            return_urls: vec!["https://sede.example/back".parse().unwrap()],
            created_at: now,
            disabled_at: None,
        };
        let moved = vec!["https://nueva.example/".parse().unwrap()];
        let later = now + Duration::HOUR;
        store
            .write::<_, StoreError>(|connection| {
                apps::insert(connection, &app)?;
                // Both administrators have read the app by now; one changes the list, one shuts it out.
                apps::disable(connection, app.id, now)?;
                apps::set_return_urls(connection, app.id, &moved)?;
                apps::disable(connection, app.id, later)
            })
            .unwrap();
        let after = find(&store, app.id);
        assert_eq!(after.disabled_at, Some(now), "shut out since the first time");
        assert_eq!(after.return_urls, moved);
        store.write::<_, StoreError>(|connection| apps::enable(connection, app.id)).unwrap();
        let after = find(&store, app.id);
        assert_eq!((after.disabled_at, after.return_urls), (None, moved));
    }
}
