"""Units and people of Stadt Rodenbeck. All of them are invented."""

from __future__ import annotations

from eakte.sample.values import SampleUnit, SampleUser

UNITS = tuple(
    SampleUnit(*line)
    for line in (
        ("00", "Stadt Rodenbeck", None),
        ("10", "Zentrale Dienste", "00"),
        ("101", "Poststelle", "10"),
        ("102", "Registratur", "10"),
        ("11", "Personal", "10"),
        ("12", "Informationstechnik", "10"),
        ("14", "Rechnungsprüfung", "00"),
        ("20", "Finanzen", "00"),
        ("21", "Steuern", "20"),
        ("22", "Stadtkasse", "20"),
        ("32", "Ordnung", "00"),
        ("33", "Bürgerbüro", "32"),
        ("40", "Schule, Kultur, Sport", "00"),
        ("41", "Stadtarchiv", "00"),
        ("50", "Soziales", "00"),
        ("51", "Jugend und Kindertagesstätten", "50"),
        ("60", "Bauen", "00"),
        ("61", "Stadtplanung", "60"),
        ("63", "Bauordnung", "60"),
        ("66", "Tiefbau", "60"),
        ("67", "Grünflächen und Friedhöfe", "60"),
        ("80", "Liegenschaften", "20"),
    )
)

USERS = (
    SampleUser("p.hansen", "Petra Hansen", "63", ("clerk",), "internal"),
    SampleUser("j.ohlendorf", "Jens Ohlendorf", "63", ("clerk",), "internal"),
    SampleUser("l.wiese", "Lars Wiese", "63", ("clerk",), "open"),
    SampleUser("d.tegtmeier", "Dörte Tegtmeier", "61", ("clerk",), "internal"),
    SampleUser("t.bremer", "Tobias Bremer", "66", ("clerk",), "internal"),
    SampleUser("h.cordes", "Hinrich Cordes", "67", ("clerk",), "internal"),
    SampleUser("u.zabel", "Ute Zabel", "21", ("clerk",), "protected"),
    SampleUser("r.gerken", "Ralf Gerken", "22", ("clerk",), "protected"),
    SampleUser("b.lohmann", "Birte Lohmann", "80", ("clerk",), "internal"),
    SampleUser("s.albers", "Sönke Albers", "32", ("clerk",), "protected"),
    SampleUser("m.oezkan", "Meryem Özkan", "33", ("clerk",), "internal"),
    SampleUser("i.rust", "Imke Rust", "40", ("clerk",), "internal"),
    SampleUser("g.behrens", "Gesa Behrens", "50", ("clerk",), "protected"),
    SampleUser("e.yildiz", "Elif Yıldız", "51", ("clerk",), "protected"),
    SampleUser("n.janssen", "Nele Janssen", "11", ("clerk",), "protected"),
    SampleUser("f.meinecke", "Frank Meinecke", "10", ("clerk",), "internal"),
    SampleUser("k.thieme", "Karin Thieme", "102", ("registrar",), "internal"),
    SampleUser("c.brandes", "Christoph Brandes", "41", ("archive",), "internal"),
    SampleUser("w.dierking", "Wilma Dierking", "60", ("approver",), "internal"),
    SampleUser("o.rathmann", "Ole Rathmann", "20", ("approver",), "protected"),
    SampleUser("h.osterloh", "Dr. Hilke Osterloh", "00", ("approver",), "protected"),
    SampleUser("h.schroeder", "Heike Schröder", "14", ("auditor",), "internal"),
    SampleUser("l.petersen", "Lena Petersen", "12", ("admin",), "open"),
    SampleUser("a.voss", "Annika Voß", "101", ("station",), "internal"),
    SampleUser("m.kruse", "Matthias Kruse", "101", ("station",), "internal"),
    SampleUser("S1", "Poststelle Scanner 1", "101", ("station",), "internal", machine=True),
)
