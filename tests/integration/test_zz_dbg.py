import json
from tests.support.town import Town, Trip
from candor.store.db import Database
from risk_svc.rebuild import rebuild
from risk_svc.wiring import GROUP
async def test_dbg(town: Town) -> None:
    trip = Trip(town)
    await trip.promised()
    print("FIRST", json.dumps(await town.gap(trip.promise_id)))
    await trip.reported("booked")
    print("BOOKED", json.dumps(await town.gap(trip.promise_id, lambda gap: gap["milestones"][0]["name"] == "booked")))
    print("SLIP", json.dumps(await trip.slipping()))
    await town.notices(trip.promise_id, ("warning","sent"))
    await town.gap(trip.promise_id, lambda gap: gap["told"])
    await town.stop_worker()
    print("BEFORE", json.dumps(await town.gap(trip.promise_id)))
    database = await Database.open(town.settings["risk"].database)
    await rebuild(town.settings["risk"], database, GROUP, town.clock)
    await database.close()
    print("AFTER", json.dumps(await town.gap(trip.promise_id)))
    await town.start_worker()
