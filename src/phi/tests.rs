//! Tests of the detector: what each rule finds, what none may flag, and that no text takes more than linear time.

use super::{Kind, Span, age_over_89, birth_year_over_89, cell, heading, restricted_zip3, scan};

/// What was found: the kind's word and the text, in order.
fn found(text: &str) -> Vec<(&'static str, &str)> {
    scan(text).into_iter().map(|s| (s.kind.word(), &text[s.start..s.end])).collect()
}

#[test]
fn kinds_have_the_words_and_letters_of_the_rule() {
    assert_eq!(Kind::ALL.len(), 19);
    for kind in Kind::ALL {
        assert_eq!(Kind::find(kind.word()), Some(kind));
        assert!(!kind.title().is_empty());
    }
    let mut letters: Vec<&str> = Kind::ALL.iter().map(|k| k.letter()).collect();
    letters.dedup();
    assert_eq!(letters.concat(), "ABCDEFGHIJKLMNOPQR");
    assert_eq!(Kind::find("surname"), None);
}

#[test]
fn one_example_of_each_kind() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("Seen by Dr. Okonjoma today", &[("names", "Okonjoma")]),
        ("Her daughter Anvitha called", &[("names", "Anvitha")]),
        ("Emily Johnson reports pain", &[("names", "Emily Johnson")]),
        ("Patient: Smith, John A.\nStable", &[("names", "Smith, John A")]),
        ("José Ramírez, MD", &[("names", "José Ramírez")]),
        ("lives in Eldwick Falls with a cat", &[("geography", "Eldwick Falls")]),
        (
            "12 Main St., Springfield, IL 62704",
            &[("geography", "12 Main St."), ("geography", "Springfield"), ("geography", "62704")],
        ),
        ("from Cook County", &[("geography", "Cook County")]),
        ("postcode SW1A 1AA", &[("geography", "SW1A 1AA")]),
        ("seen 03/14/2021 at 8:30", &[("dates", "03/14/2021")]),
        ("on the 14th of March", &[("dates", "14th of March")]),
        ("since May 2019", &[("dates", "May 2019")]),
        ("2021-03-14T08:30:00Z", &[("dates", "2021-03-14")]),
        ("a 91 y/o man", &[("ages_over_89", "91")]),
        ("ninety-two-year-old", &[("ages_over_89", "ninety-two")]),
        ("call (617) 555-0143 x12", &[("telephone", "(617) 555-0143 x12")]),
        ("Fax: 617.555.0143", &[("fax", "617.555.0143")]),
        ("write to j.doe+x@mail.example.org.", &[("email", "j.doe+x@mail.example.org")]),
        ("SSN 219-09-9999", &[("ssn", "219-09-9999")]),
        ("MRN: 00123456", &[("mrn", "00123456")]),
        ("Member ID: XYZ123456789", &[("health_plan", "XYZ123456789")]),
        ("MBI 1EG4-TE5-MK73", &[("health_plan", "1EG4-TE5-MK73")]),
        ("account no. 4411-902", &[("account", "4411-902")]),
        ("card 4111 1111 1111 1111", &[("account", "4111 1111 1111 1111")]),
        ("DEA AB1234563", &[("licence", "AB1234563")]),
        ("VIN 1M8GDM9AXKP042788", &[("vehicle", "1M8GDM9AXKP042788")]),
        ("license plate ABC 1234", &[("vehicle", "ABC 1234")]),
        ("pump S/N: AX-4471-99", &[("device", "AX-4471-99")]),
        ("MAC 00:1A:2B:3C:4D:5E", &[("device", "00:1A:2B:3C:4D:5E")]),
        ("see https://example.org/p/12?q=1.", &[("url", "https://example.org/p/12?q=1")]),
        ("from 192.0.2.17 and 2001:db8::8a2e:370:7334", &[("ip", "192.0.2.17"), ("ip", "2001:db8::8a2e:370:7334")]),
        ("fingerprint ID FP-88231", &[("biometric", "FP-88231")]),
        ("see IMG_2231.jpg", &[("photo", "IMG_2231.jpg")]),
        ("Accession 20-11873", &[("other", "20-11873")]),
        ("id 123e4567-e89b-12d3-a456-426614174000", &[("other", "123e4567-e89b-12d3-a456-426614174000")]),
    ];
    for (text, wanted) in cases {
        assert_eq!(&found(text), wanted, "{text}");
    }
}

#[test]
fn what_is_no_identifier_is_not_flagged() {
    let clean = [
        "Mild LA enlargement, RA pressure 8, LV normal.",
        "5/5 strength; motor 4/5; reflexes 2/4",
        "BP 120/80, HR 88",
        "T12-L1 disc bulge, C5/C6",
        "3/4 cups of rice, 1/2 tablet",
        "Parkinson disease",
        "Parkinson's",
        "Wilson disease",
        "Foley catheter",
        "Foley in place",
        "Apgar 8 and 9",
        "Down syndrome",
        "Alzheimer's dementia",
        "Crohn disease",
        "positive Babinski",
        "Hodgkin lymphoma",
        "non-Hodgkin lymphoma",
        "She may walk. May resume diet.",
        "Q2H, BID, PRN",
        "an 89 y/o",
        "89-year-old",
        "aged 90 or older",
        "90+ years",
        "Paxil 20 mg, Norco 5/325, Allegra, Xanax, Yasmin",
        "since 2019, in 2015, from 2011 to 2014",
        "at 14:30 and 8 am",
        "version 4.2.1.0",
        "000-12-3456",
        "666-12-3456 and 923-12-3456",
        "lives in Texas",
        "from Virginia",
        "Medicare patient",
        "EF 55-60%, Na 138, K 4.1",
        "6-0 Vicryl",
        "ICD-10 E11.9, CPT 99213",
        "92 years ago",
        "temp 98 F with chills",
        "pain 7/10",
        "20/40 vision",
        "Stevens-Johnson syndrome",
        "Guillain-Barré syndrome",
        "New York Heart Association class II",
        "Framingham risk score",
        "Mr. and Mrs.",
        "march in place",
        "1.2.3.4.5",
        "Dr. X",
        "MS Contin",
        "CT, MRI and PET",
    ];
    for text in clean {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn a_name_told_once_is_found_again() {
    let text = "Patient: Oluwaseun Okonjoma\nOkonjoma slept. Pain in OKONJOMA as before.";
    assert_eq!(found(text).iter().filter(|(kind, _)| *kind == "names").count(), 3);
    assert_eq!(found("Dr. Parkinson treats Parkinson disease"), [("names", "Parkinson")]);
}

#[test]
fn spans_are_sorted_apart_and_on_boundaries() {
    let text = "Zoë Müller-Østergård (geb. 03.04.1951), Straße 5; e-mail zoë@example.org — Fax +49 30 901820, “Dr. Ñandú” 91-year-old…\u{a0}MRN\u{a0}77812";
    let spans = scan(text);
    assert!(spans.len() >= 5, "{spans:?}");
    let apart = |a: &Span, b: &Span| a.end <= b.start;
    assert!(spans.windows(2).all(|w| apart(&w[0], &w[1])));
    assert!(spans.iter().all(|s| s.start < s.end && text.is_char_boundary(s.start) && text.is_char_boundary(s.end)));
    assert_eq!(scan(""), []);
}

#[test]
fn headings() {
    let cases: &[(&str, &str)] = &[
        (
            "names",
            "patient_name first_name LastName SURNAME given-name maidenName doctorName next_of_kin name NAME_LAST",
        ),
        (
            "geography",
            "zip zip_code ZIP5 street streetAddress address city county postcode postal-code home_address birth_place",
        ),
        (
            "dates",
            "dob birth_date BirthDate date_of_birth admission_date AdmitDate discharge_date death_date visitDate timestamp date",
        ),
        ("telephone", "phone phone_number telephone mobile home_phone cellPhone"),
        ("fax", "fax fax_number faxNo"),
        ("email", "email e-mail email_address EmailAddress"),
        ("ssn", "ssn SSN social_security_number patient_ssn"),
        ("mrn", "mrn MRN medical_record_number patientMRN hospital_number nhs_number"),
        ("health_plan", "member_id memberId subscriber_id health_plan_number medicare_number policy_no"),
        ("account", "account_number acct_no encounter_number iban"),
        ("licence", "license_no licence_number drivers_license certificate_number npi"),
        ("vehicle", "plate license_plate vin number_plate"),
        ("device", "device_serial device_serial_number serial_no mac_address udi"),
        ("url", "url website homePage"),
        ("ip", "ip_address ip ipAddress client_ip"),
        ("biometric", "fingerprint voice_print retina_scan"),
        ("photo", "photo face_photo patient_photo"),
        ("other", "patient_id subjectId accession_number user_name"),
    ];
    for (kind, names) in cases {
        for name in names.split(' ') {
            assert_eq!(heading(name).map(Kind::word), Some(*kind), "{name}");
        }
    }
    let none = "drug_name hospital_beds test_name date_diff_days device_type ip_count race email_opt_in update updated bmi sex age diagnosis capacity velocity zipline file_name column_name phone_count \
        has_phone is_email_valid city_population stage name_length addressed birth_year admission_type license_class photosensitivity description shipping mailing faxed urlopen plateau platelets streetlight \
        state country patient_count visit_count n_dates accountability los_days hospital_name brand_name microplate";
    for name in none.split_whitespace() {
        assert_eq!(heading(name).map(Kind::word), None, "{name}");
    }
    assert_eq!(heading(""), None);
}

#[test]
fn cells_by_their_heading() {
    let cases: &[(&str, &str, Option<&str>)] = &[
        ("Okonjoma", "names", Some("names")),
        ("unknown", "names", None),
        ("[REDACTED]", "names", None),
        ("***", "ssn", None),
        ("", "names", None),
        ("2019", "dates", None),
        ("2019-03-14", "dates", Some("dates")),
        ("14mar1950", "dates", Some("dates")),
        ("March", "dates", Some("dates")),
        ("44123", "dates", Some("dates")),
        ("02139", "geography", Some("geography")),
        ("021", "geography", None),
        ("036", "geography", Some("geography")),
        ("000", "geography", None),
        ("036**", "geography", Some("geography")),
        ("021**", "geography", None),
        ("MA", "geography", None),
        ("New York", "geography", None),
        ("Texas", "geography", None),
        ("Zarville", "geography", Some("geography")),
        ("192.0.2.1", "ip", Some("ip")),
        ("91", "ages_over_89", Some("ages_over_89")),
        ("89", "ages_over_89", None),
        ("A1234567", "mrn", Some("mrn")),
        ("617-555-0143", "telephone", Some("telephone")),
        ("j@example.org", "names", Some("email")),
    ];
    for (text, kind, wanted) in cases {
        assert_eq!(cell(text, Kind::find(kind)).map(Kind::word), *wanted, "{text} under {kind}");
    }
    for (text, wanted) in [
        ("Emily Johnson", Some("names")),
        ("12345", None),
        ("seen by Dr. Okonjoma", Some("names")),
        ("moderate pain", None),
        ("03/14/2021", Some("dates")),
        ("120/80", None),
    ] {
        assert_eq!(cell(text, None).map(Kind::word), wanted, "{text}");
    }
}

#[test]
fn ages_years_and_areas() {
    assert!(age_over_89(90.0) && age_over_89(91.5) && age_over_89(125.0));
    assert!(!age_over_89(89.0) && !age_over_89(89.99) && !age_over_89(999.0) && !age_over_89(f64::NAN));
    assert!(birth_year_over_89(1930, 2026) && birth_year_over_89(1936, 2026));
    assert!(
        !birth_year_over_89(1937, 2026)
            && !birth_year_over_89(2030, 2026)
            && !birth_year_over_89(1850, 2026)
            && !birth_year_over_89(i32::MIN, i32::MAX)
    );
    assert!(restricted_zip3("036") && !restricted_zip3("021") && !restricted_zip3("000"));
}

#[test]
fn check_digits() {
    assert!(
        super::numbers::luhn("4111 1111 1111 1111")
            && !super::numbers::luhn("4111 1111 1111 1112")
            && !super::numbers::luhn("")
    );
    // The example of 49 CFR 565, and one with a wrong check digit.
    assert!(
        super::codes::vin("1M8GDM9AXKP042788")
            && !super::codes::vin("1M8GDM9A1KP042788")
            && !super::codes::vin("1M8GDM9AXKP04278I")
    );
    assert!(
        super::numbers::possible_ssn("219099999")
            && !super::numbers::possible_ssn("900123456")
            && !super::numbers::possible_ssn("123006789")
    );
}
