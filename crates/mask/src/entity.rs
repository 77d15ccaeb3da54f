//! The built-in entity types, their names, and the presets that group them.

/// Declares the enum, its names and the list of all, so that they cannot differ.
macro_rules! entities {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $(| $alias:literal)*,)+) => {
        /// A type of personal data or secret that the engine knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Entity { $($(#[$doc])* $variant,)+ }

        impl Entity {
            /// Every built-in type, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in policies and findings, such as `EMAIL_ADDRESS`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The type of that name or alias; names are upper case.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name $(| $alias)* => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

entities! {
    /// An e-mail address.
    EmailAddress = "EMAIL_ADDRESS",
    /// A telephone number, international or national.
    PhoneNumber = "PHONE_NUMBER",
    /// A payment card number.
    CreditCard = "CREDIT_CARD",
    /// An address of a Bitcoin or Ethereum wallet.
    Crypto = "CRYPTO",
    /// An IPv4 or IPv6 address.
    IpAddress = "IP_ADDRESS",
    /// An IEEE 802 hardware address.
    MacAddress = "MAC_ADDRESS",
    /// An absolute URL.
    Url = "URL",
    /// Any date or time; too common to be part of a selection of everything.
    DateTime = "DATE_TIME",
    /// A date that its context calls a date of birth.
    DateOfBirth = "DATE_OF_BIRTH" | "DOB",
    /// An international bank account number.
    IbanCode = "IBAN_CODE" | "IBAN",
    /// The name of a person.
    Person = "PERSON",
    /// A postal address or a part of it.
    Location = "LOCATION",
    /// Nationality, religion or political group.
    Nrp = "NRP",
    /// United States social security number.
    UsSsn = "US_SSN",
    /// United States individual taxpayer number.
    UsItin = "US_ITIN",
    /// United States passport.
    UsPassport = "US_PASSPORT",
    /// United States driver license.
    UsDriverLicense = "US_DRIVER_LICENSE",
    /// United States bank account number.
    UsBankNumber = "US_BANK_NUMBER",
    /// ABA routing transit number.
    AbaRouting = "ABA_ROUTING" | "ABA_ROUTING_NUMBER",
    /// DEA registration or NPI of a medical practitioner.
    MedicalLicense = "MEDICAL_LICENSE",
    /// United Kingdom NHS number.
    UkNhs = "UK_NHS",
    /// United Kingdom national insurance number.
    UkNino = "UK_NINO",
    /// Great Britain driving licence.
    UkDrivingLicence = "UK_DRIVING_LICENCE",
    /// Australian tax file number.
    AuTfn = "AU_TFN",
    /// Australian business number.
    AuAbn = "AU_ABN",
    /// Australian company number.
    AuAcn = "AU_ACN",
    /// Australian Medicare card.
    AuMedicare = "AU_MEDICARE",
    /// Indian Aadhaar number.
    InAadhaar = "IN_AADHAAR",
    /// Indian permanent account number.
    InPan = "IN_PAN",
    /// Indian passport.
    InPassport = "IN_PASSPORT",
    /// Indian vehicle registration.
    InVehicleRegistration = "IN_VEHICLE_REGISTRATION",
    /// Indian voter card (EPIC).
    InVoter = "IN_VOTER",
    /// Indian goods and services tax number.
    InGstin = "IN_GSTIN",
    /// Italian codice fiscale.
    ItFiscalCode = "IT_FISCAL_CODE",
    /// Italian partita IVA.
    ItVatCode = "IT_VAT_CODE",
    /// Italian identity card.
    ItIdentityCard = "IT_IDENTITY_CARD",
    /// Italian driving licence.
    ItDriverLicense = "IT_DRIVER_LICENSE",
    /// Italian passport.
    ItPassport = "IT_PASSPORT",
    /// Spanish DNI/NIF.
    EsNif = "ES_NIF",
    /// Spanish NIE.
    EsNie = "ES_NIE",
    /// Singapore NRIC or FIN.
    SgFin = "SG_FIN" | "SG_NRIC_FIN" | "SG_NRIC",
    /// Singapore unique entity number.
    SgUen = "SG_UEN",
    /// Brazilian CPF.
    BrCpf = "BR_CPF",
    /// Brazilian CNPJ.
    BrCnpj = "BR_CNPJ",
    /// Brazilian RG.
    BrRg = "BR_RG",
    /// Brazilian CNH.
    BrCnh = "BR_CNH",
    /// Brazilian PIS/PASEP.
    BrPis = "BR_PIS",
    /// Polish PESEL.
    PlPesel = "PL_PESEL",
    /// Korean resident registration number.
    KrRrn = "KR_RRN",
    /// Finnish henkilötunnus.
    FiPersonalIdentityCode = "FI_PERSONAL_IDENTITY_CODE",
    /// Thai identity number.
    ThTnin = "TH_TNIN",
    /// AWS access key id.
    AwsAccessKey = "AWS_ACCESS_KEY",
    /// AWS secret access key.
    AwsSecretKey = "AWS_SECRET_KEY" | "AWS_SECRET_ACCESS_KEY",
    /// GitHub token.
    GithubToken = "GITHUB_TOKEN",
    /// Slack token.
    SlackToken = "SLACK_TOKEN",
    /// Stripe key.
    StripeKey = "STRIPE_KEY",
    /// JSON web token.
    Jwt = "JWT",
    /// Private key in PEM armour.
    PrivateKey = "PRIVATE_KEY",
    /// The password inside a connection string.
    ConnectionString = "CONNECTION_STRING" | "DB_PASSWORD",
    /// Any other API key or token.
    ApiKey = "API_KEY" | "GENERIC_API_KEY",
    /// A password that its key or column calls one.
    Password = "PASSWORD",
}

/// A set of built-in types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EntitySet(u128);

impl EntitySet {
    /// The set without members.
    pub const EMPTY: Self = Self(0);

    /// The set of the given members.
    pub const fn of(members: &[Entity]) -> Self {
        let mut bits = 0;
        let mut rest = members;
        while let [first, others @ ..] = rest {
            bits |= 1 << (*first as u8);
            rest = others;
        }
        Self(bits)
    }

    /// Whether `entity` is a member.
    pub const fn has(self, entity: Entity) -> bool {
        self.0 & (1 << (entity as u8)) != 0
    }

    /// Whether nothing is a member.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the two share a member.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The members of either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The members of both.
    #[must_use]
    pub const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Adds a member.
    pub fn insert(&mut self, entity: Entity) {
        self.0 |= 1 << (entity as u8);
    }

    /// The members in order of declaration.
    pub fn iter(self) -> impl Iterator<Item = Entity> {
        Entity::ALL.iter().copied().filter(move |e| self.has(*e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_types_map_to_each_other() {
        for entity in Entity::ALL {
            assert_eq!(Entity::from_name(entity.name()), Some(*entity));
        }
        assert_eq!(Entity::from_name("SG_NRIC_FIN"), Some(Entity::SgFin));
        assert_eq!(Entity::from_name("GENERIC_API_KEY"), Some(Entity::ApiKey));
        assert_eq!(Entity::from_name("email_address"), None);
    }

    #[test]
    fn a_set_has_what_was_put_in() {
        let set = EntitySet::of(&[Entity::Url, Entity::Password]);
        assert_eq!(
            set.iter().collect::<Vec<_>>(),
            [Entity::Url, Entity::Password]
        );
        assert!(!set.has(Entity::Jwt));
    }
}
