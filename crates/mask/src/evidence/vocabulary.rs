//! The words that headers, keys and labels use, in the languages that meet us most.
//!
//! Phrases are written without spaces and in lower case.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use crate::entity::{Entity as T, EntitySet};

/// The types that a phrase calls for.
pub(super) fn hints(phrase: &str) -> Option<EntitySet> {
    HINTS
        .get(phrase)
        .or_else(|| HINTS.get(phrase.strip_suffix('s')?))
        .copied()
}

/// Whether the word names something that is no personal data.
pub(super) fn is_harmless(word: &str) -> bool {
    HARMLESS_SET.contains(word)
}

/// Whether the word names a property of goods and not of people.
pub(super) fn is_of_goods(word: &str) -> bool {
    matches!(
        word,
        "price"
            | "cost"
            | "sku"
            | "stock"
            | "qty"
            | "quantity"
            | "barcode"
            | "ean"
            | "upc"
            | "asin"
            | "isbn"
            | "weight"
            | "unit"
            | "warehouse"
    )
}

/// Whether the last word of a name adds nothing to what is before it: `nhs_num`.
pub(super) fn is_neutral(word: &str) -> bool {
    matches!(
        word,
        "num"
            | "nr"
            | "no"
            | "nbr"
            | "number"
            | "numero"
            | "nummer"
            | "value"
            | "val"
            | "raw"
            | "text"
            | "txt"
            | "str"
            | "full"
    )
}

/// Whether a word of a sentence says nothing either way.
pub(super) fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "is" | "was"
            | "the"
            | "of"
            | "to"
            | "for"
            | "a"
            | "an"
            | "at"
            | "by"
            | "and"
            | "her"
            | "his"
            | "their"
            | "my"
            | "no"
            | "id"
            | "number"
            | "code"
            | "on"
            | "as"
            | "in"
            | "value"
            | "date"
            | "user"
            | "new"
            | "from"
            | "with"
            | "type"
            | "valid"
    )
}

/// Whether the word hints at something only when nothing else qualifies it.
pub(super) fn is_vague(word: &str) -> bool {
    VAGUE_SET.contains(word)
}

/// FNV-1a: the tables are fixed, so no input can make them slow, and names are short.
#[derive(Clone, Copy)]
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// A set of words of a fixed list.
pub(crate) type WordSet = HashSet<&'static str, BuildHasherDefault<Fnv>>;

static HINTS: LazyLock<HashMap<&'static str, EntitySet, BuildHasherDefault<Fnv>>> =
    LazyLock::new(|| {
        PHRASES
            .iter()
            .flat_map(|(types, phrases)| {
                let set = EntitySet::of(types);
                phrases.split_ascii_whitespace().map(move |p| (p, set))
            })
            .collect()
    });
static HARMLESS_SET: LazyLock<WordSet> =
    LazyLock::new(|| HARMLESS.split_ascii_whitespace().collect());
static VAGUE_SET: LazyLock<WordSet> = LazyLock::new(|| VAGUE.split_ascii_whitespace().collect());

/// Words that need the rest of the name to be silent.
const VAGUE: &str = "name names nome nombre nom naam imie namen address addr addresses key token secret
    contact card account street city town state mobile cell customer client patient user employee owner
    author sender recipient holder zip postcode passport license licence url link href pan ip mac dl
    birth wallet guest member student tutor agent nie nif website homepage site ssh location region
    county province country district license routing person host endpoint uri tax pass pin kontakt titular
    account license card site via ort rue calle number";

/// Words of counters, codes, states, sizes and machines.
const HARMLESS: &str = "id ids uuid guid oid hash sha sha1 sha256 sha512 md5 crc checksum etag digest commit revision
    rev git build version ver release order orders invoice ticket sku isbn issn ean upc asin part batch lot ref
    reference protocol protocolo qty quantity stock count cnt total totals sum amount price cost fee rate score
    rating rank level status state type kind category tag tags title plan tier product products item items
    currency file filename files path dir directory host hostname port pid epoch ts timestamp time created updated deleted
    modified changed expires expiry due at date day month year active enabled disabled verified valid
    confirmed flag index idx seq sequence offset size length width height
    weight duration ms bytes lsn xid trace span request session job task queue topic channel node pod container
    image cluster schema database db domain event method code tracking shipment serial
    model brand department project repo repository branch server service app application module package
    format encoding mime language locale timezone tz version legacy external internal sort position
    page limit interval retries attempt attempts percent pct ratio avg min max mean std login password_hash
    step steps group role roles team company organization organisation vendor supplier brand store shop
    warehouse device os browser agent platform class function metric unit units pedido fatura factura produto
    producto bestellung artikel menge betrag preis datum status statut zamowienie faktura nombreproducto";

/// Types and the phrases that call for them.
const PHRASES: &[(&[T], &str)] = &[
    (&[T::EmailAddress], "email emails emailaddress mail mailaddress correo correoelectronico courriel emailaddr eposta
        mailadresse indirizzoemail adresemail emailid useremail emailadresse mailto"),
    (&[T::PhoneNumber], "phone phones phonenumber phoneno telephone telephonenumber tel telno mobile mobileno mobilenumber
        cell cellphone cellnumber fax faxnumber telefon telefone telefono teléfono celular movil móvil handy handynummer
        rufnummer telefonnummer telefoon telefoonnummer mobil msisdn callback callbacknumber whatsapp telefonszam komorka
        nrtelefonu numertelefonu numeroditelefono cellulare portable puhelin puhelinnumero 電話番号 电话 landline callme mynumber reachme reachhim reachher reachthem reachusat reachus textme ringme callhim callher callthem mob mobno phno caller callerid tonumber fromnumber calledparty callingparty phn tlf telf fon hp handphone mobiltelefon telephoneportable
        contactnumber contactno homephone workphone dial ph call sms smsto fone puhelinnro contactphone"),
    (&[T::CreditCard], "card cardnumber cardno cardnum creditcard creditcardnumber creditcardno ccnumber ccnum ccno cc
        debitcard paymentcard primaryaccountnumber tarjeta tarjetacredito numerotarjeta cartao cartaocredito cartecredit
        kreditkarte kartennummer cartabancaria cartadicredito numerocarta numerkarty kartakredytowa creditcardnum visa mastercard amex"),
    (&[T::CreditCard, T::InPan], "pan pannumber panno"),
    (&[T::InPan], "permanentaccountnumber pancard incometaxpan"),
    (&[T::Crypto], "wallet walletaddress cryptowallet cryptoaddress btc btcaddress bitcoin bitcoinaddress bitcoinwallet eth
        ethaddress ethereum ethereumaddress ethwallet btcwallet crypto depositaddress payoutaddress coinaddress"),
    (&[T::IpAddress], "ip ipaddress ipaddr ipv4 ipv6 clientip remoteip remoteaddr sourceip srcip destip dstip lastloginip
        serverip hostip peerip userip direccionip enderecoip adresseip"),
    (&[T::MacAddress], "mac macaddress macaddr hwaddr hardwareaddress ethernetaddress physicaladdress bssid devicemac"),
    (&[T::Url], "url urls uri website homepage link href webpage profileurl callbackurl webhookurl site siteweb webseite"),
    (&[T::DateOfBirth], "dob dateofbirth datebirth birthdt dobirth doborn ddn fnac birthdate birthday bday born bornon birth geburtsdatum geburtstag datanascimento
        datadenascimento nascimento fechanacimiento fechadenacimiento nacimiento datanascita datadinascita nascita
        datenaissance datedenaissance naissance dataurodzenia urodzenia geboortedatum syntymäaika syntymaaika 生年月日 birthdt
        né née nato nata geboren nacido nacida nascido nascida urodzony urodzona dobdate"),
    (&[T::IbanCode], "iban ibancode ibannumber bankaccountiban payoutiban accountiban kontonummer bankkonto rekeningnummer
        contobancario cuentabancaria numerorachunku"),
    (&[T::Person], "name names fullname firstname lastname middlename surname givenname forename familyname maidenname
        nickname displayname legalname realname customername clientname patientname employeename username contactname manager recipient signedby signer agentname salesrep representative leadname empname custname
        contactperson cardholder cardholdername accountholder holdername ownername authorname sendername recipientname
        billingname shippingname beneficiary beneficiaryname customer client patient employee contact
        nome nomecompleto sobrenome cognome nomecognome nominativo nombre nombres apellido apellidos nombrecompleto primernombre
        nom prenom prénom nomcomplet nomdefamille vorname nachname familienname imie imię nazwisko imieinazwisko
        naam voornaam achternaam etunimi sukunimi 氏名 姓名 名前 姓 名 fname lname mname personname guestname
        membername studentname tutorname managername doctor doctorname physician nurse spouse signatory
        assignee reviewer passenger traveler traveller tenant tenantname insured policyholder titular cliente paciente kunde
        kundenname utente intestatario owner guest attendee attendeename person applicant applicantname
        lastnm firstnm fullnm custnm primarycontact maincontact billingcontact
        nextofkin emergencycontact contacto kontakt ansprechpartner"),
    (&[T::Location], "address addresses addr addressline streetaddress street homeaddress billingaddress addrline municipality billto shipto deliverto domicile domicilio addressee homecity workcity birthcity cityname townname streetname shippingaddress mailingaddress
        deliveryaddress postaladdress residentialaddress workaddress residence city town village suburb hometown birthplace placeofbirth
        postcode postalcode zip zipcode county province
        direccion dirección domicilio calle ciudad municipio endereco endereço rua cidade bairro morada logradouro localidade
        indirizzo via citta città comune residenza adresse rue ville commune anschrift straße strasse stadt ort wohnort plz
        adres ulica miasto miejscowosc straat woonplaats stad plaats osoite katu kaupunki 住所 市区町村 地址 addressstreet addresscity
        fulladdress location locality lives living resides"),
    (&[T::Nrp], "nationality religion ethnicity race politicalparty politicalaffiliation nacionalidad nazionalità nationalité
        staatsangehörigkeit citizenship"),
    (&[T::UsSsn], "ssn ssns socialsecurity socialsecuritynumber socialsecurityno socsec socialsecno socialsec social socials socialinsurance ssnumber taxssn"),
    (&[T::UsItin, T::UsSsn, T::BrCpf, T::BrCnpj, T::EsNif, T::EsNie, T::AuTfn, T::ItVatCode, T::ItFiscalCode], "taxpayerid taxpayernumber taxpayeridentificationnumber tin taxid taxidentificationnumber taxnumber taxno taxpayerno taxidentification taxreference"),
    (&[T::UsItin], "itin itinnumber individualtaxpayer individualtaxpayeridentificationnumber"),
    (&[T::UsPassport, T::InPassport, T::ItPassport], "passport passportnumber passportno passportid passportnum uspassport uspassportnumber traveldoc traveldocument traveldocumentnumber traveldocumentno ppno ppnumber passportbook
        pasaporte passaporto passaporte reisepass"),
    (&[T::ItPassport], "numeropassaporto"),
    (&[T::UsDriverLicense, T::UkDrivingLicence, T::ItDriverLicense], "driverlicense driverslicense driverlicence driverslicence
        drivinglicense drivinglicence driverlicensenumber driverslicensenumber driverslicenseno drivinglicencenumber dl dlnumber dlno driverlic driverslic drvlic drivinglic driverpermit drivinglicensenumber
        driverslicensenum dvlalicence dvla licensenumber licencenumber licenseno licenceno license licence
        drivernumber drivinglicenceno driverslicence"),
    (&[T::ItDriverLicense], "patente patentediguida numeropatente"),
    (&[T::ItIdentityCard], "cartaidentita cartadidentita identitycard cie numerocartaidentita"),
    (&[T::ItVatCode], "partitaiva piva vatnumber vatcode vat vatno codiceiva"),
    (&[T::ItFiscalCode], "codicefiscale fiscalcode codfiscale codfisc cf codfis"),
    (&[T::UsBankNumber], "bankaccount bankaccountnumber bankaccountno accountnumber accountno acctno acctnumber acctnum
        checkingaccount savingsaccount bankacct"),
    (&[T::AbaRouting], "aba abarouting routing routingnumber routingno abanumber routingtransit rtn transitnumber abaroutingnumber"),
    (&[T::MedicalLicense], "dea deanumber deano npi npinumber medicallicense medicallicence providernpi"),
    (&[T::UkNhs], "nhs nhsnumber nhsno nhsid healthservicenumber"),
    (&[T::UkNino], "nino nationalinsurance nationalinsurancenumber nationalinsuranceno ninumber nino"),
    (&[T::AuTfn], "tfn taxfilenumber taxfile taxfileno tfnnumber"),
    (&[T::AuAbn], "abn businessabn abnnumber australianbusinessnumber abnno businessnumber"),
    (&[T::AuAcn], "acn acnnumber australiancompanynumber companynumber acnno"),
    (&[T::AuMedicare], "medicare medicarenumber medicareno medicarecard medicarecardnumber"),
    (&[T::InAadhaar], "aadhaar aadhar aadhaarnumber aadhaarno adhaar uidai aadharnumber aadharno aadhaarid uidnumber uidno uidainumber aadharid adhaarno adhaarnumber"),
    (&[T::InPassport], "indianpassport"),
    (&[T::InVehicleRegistration], "vehicleregistration registrationplate numberplate licenseplate vehiclenumber vehicleno plate platenumber
        regno vehicleregno"),
    (&[T::InVoter], "voter voterid votercard epic epicno epicnumber voteridnumber voternumber electionid"),
    (&[T::InGstin], "gstin gst gstno gstnumber gstinnumber gstid"),
    (&[T::EsNif, T::EsNie], "nif dni dninumber nifnie dninie documentoidentidad numerodocumento documento nifnumber dninumero
        documentid"),
    (&[T::EsNie, T::EsNif], "nie nienumber numeronie foreignerid extranjero"),
    (&[T::SgFin], "nric nricfin fin nricnumber nricno finnumber nricfinnumber finno"),
    (&[T::SgUen], "uen uennumber uniqueentitynumber"),
    (&[T::BrCpf], "cpf cpfcliente cpfnumber cadastropessoafisica cpfno numerocpf"),
    (&[T::BrCnpj], "cnpj cnpjempresa numerocnpj cadastropessoajuridica"),
    (&[T::BrCpf, T::BrCnpj], "cpfcnpj cnpjcpf cpfoucnpj documentofiscal"),
    (&[T::BrRg], "rg registrogeral rgnumber identidade carteiraidentidade numerorg"),
    (&[T::BrCnh], "cnh habilitacao numerocnh carteirahabilitacao carteiradehabilitacao"),
    (&[T::BrPis], "pis pispasep pasep nis nit numeropis"),
    (&[T::PlPesel], "pesel peselnumber numerpesel nrpesel"),
    (&[T::KrRrn], "rrn residentregistration residentregistrationnumber residentnumber 주민등록번호 jumin"),
    (&[T::FiPersonalIdentityCode], "hetu henkilotunnus henkilötunnus personalidentitycode personbeteckning"),
    (&[T::ThTnin], "tnin thaiid thainationalid thaiidnumber thainationalidnumber thaiidentity citizenid เลขประจำตัวประชาชน"),
    (&[T::UsSsn, T::EsNif, T::EsNie, T::InAadhaar, T::ThTnin, T::PlPesel, T::SgFin, T::BrCpf, T::KrRrn,
        T::FiPersonalIdentityCode, T::UkNino, T::ItFiscalCode], "nationalid nationalidnumber nationalidentity identitynumber
        identificationnumber governmentid govid personalid personalnumber idnumber nationalidentificationnumber
        idcard identitydocument"),
    (&[T::AwsAccessKey, T::ApiKey], "accesskey accesskeyid awsaccesskey awsaccesskeyid awskey awskeyid keyid"),
    (&[T::AwsSecretKey], "awssecretaccesskey secretaccesskey awssecretkey awssecret awssecretkeyid"),
    (&[T::AwsSecretKey, T::ApiKey], "secretkey"),
    (&[T::GithubToken, T::ApiKey], "githubtoken ghtoken githubpat gitlabtoken gittoken gittokens githubkey githubaccesstoken"),
    (&[T::SlackToken, T::ApiKey], "slacktoken slackbottoken bottoken slackapitoken slackkey"),
    (&[T::StripeKey, T::ApiKey], "stripekey stripesecret stripesecretkey stripeapikey stripetoken"),
    (&[T::Jwt, T::ApiKey], "jwt idtoken sessiontoken accesstoken refreshtoken bearer authtoken bearertoken servicejwt jwttoken"),
    (&[T::PrivateKey, T::ApiKey], "privatekey sshkey sshprivatekey rsakey tlskey pemkey signingkey sslkey serverkey keypem"),
    (&[T::ConnectionString], "connectionstring connstring connstr dsn databaseurl dburl dburi mongourl mongouri redisurl sqlalchemyurl
        jdbcurl databaseuri amqpurl brokerurl"),
    (&[T::ApiKey], "apikey apikeys apitoken apisecret token tokens secrettoken clientsecret appsecret appkey
        authkey key xapikey accesstokensecret consumersecret consumerkey webhooksecret signingsecret encryptionkey masterkey
        servicekey credentials credential thirdpartyapikey authorization xauthtoken personalaccesstoken pat
        subscriptionkey licensekey deploykey cookiesecret sessionsecret jwtsecret hmackey hmacsecret phpsessid jsessionid sessionkey sessioncookie
        openaikey openaiapikey sendgridkey twiliotoken csrftoken storagekey sastoken"),
    (&[T::ApiKey, T::Password], "secret secrets secretvalue"),
    (&[T::Password], "password passwd pwd pass passphrase passcode userpassword dbpassword dbpass adminpassword rootpassword
        contraseña contrasena senha palavrapasse motdepasse mdp passwort kennwort haslo hasło wachtwoord salasana pw
        パスワード 密码 pgpassword mysqlpassword mysqlpwd smtppassword redispassword defaultpassword temppassword
        temporarypassword initialpassword loginpassword secretpassword passwordhash pin pincode cvv cvv2 cvc cardverificationvalue"),
];
