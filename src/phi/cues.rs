//! The words that the rules go by: titles, kin, eponyms, labels of identifiers and so on. All lower case.

use super::kind::Kind;
use super::lexicon::Flags;

/// Sets of single words, each with the fact that it states.
pub const SETS: &[(&str, Flags)] = &[
    (
        "mr mrs ms miss mx dr drs prof professor doctor nurse rev reverend pastor rabbi imam sgt sergeant capt captain lt officer \
      attorney judge madam sir dame lord lady",
        Flags::TITLE,
    ),
    (
        "md do rn np pa phd lpn lvn dpm dds dmd msw lcsw lmsw lpc pharmd rph pt dpt ot otr facs facp facc mbbs mbchb frcs frcp mrcp crna cnm cna rd \
      rt rrt ccc slp aprn arnp fnp dnp bsn msn mph psyd od dvm emt cma rpa bch",
        Flags::CREDENTIAL,
    ),
    (
        "daughter son wife husband mother father mom mum dad mommy daddy brother sister aunt uncle niece nephew cousin grandson granddaughter \
      grandmother grandfather grandma grandpa grandchild spouse partner fiance fiancee girlfriend boyfriend friend neighbor neighbour caregiver \
      carer roommate guardian twin stepfather stepmother stepson stepdaughter godmother godfather teacher employer boss landlord landlady \
      chaplain dentist therapist interpreter widow widower sibling pharmacist caseworker hygienist",
        Flags::KIN,
    ),
    (
        "street st avenue ave road rd boulevard blvd lane ln drive dr court ct circle cir place pl terrace ter terr way parkway pkwy highway hwy \
      square sq trail trl crescent close row alley plaza loop turnpike tpke pike mews gardens grove crossing xing causeway walk quay",
        Flags::STREET,
    ),
    (
        "parkinson parkinsons alzheimer alzheimers crohn crohns hodgkin hodgkins babinski wilson foley apgar graves hashimoto addison cushing \
      kaposi raynaud sjogren marfan tourette huntington turner klinefelter paget dupuytren bell barrett meniere guillain barre kawasaki \
      burkitt ewing wilms waldenstrom sezary bowen behcet reiter felty still tay sachs gaucher fabry pompe hurler hunter niemann pick lewy \
      creutzfeldt jakob gerstmann korsakoff wernicke broca charcot marie tooth friedreich duchenne becker lambert eaton hirschsprung meckel \
      mallory weiss zenker boerhaave schatzki heller nissen whipple billroth roux hartmann miles kocher murphy rovsing mcburney cullen grey \
      homan homans trousseau chvostek kernig brudzinski romberg tinel phalen finkelstein lachman mcmurray thomas trendelenburg ortolani \
      barlow galeazzi hoffmann hoffman lhermitte spurling lasegue weber rinne snellen ishihara schirmer amsler glasgow ranson child pugh \
      killip kellgren lawrence salter harris gustilo weber garden colles smith barton monteggia bennett boxer jones lisfranc pott jefferson \
      chance hangman hill sachs bankart baker morton haglund osgood schlatter legg calve perthes scheuermann schmorl \
      bouchard heberden janeway osler roth kussmaul cheyne stokes biot corrigan duroziez quincke austin flint graham steell levine \
      swan ganz hickman broviac tenckhoff jackson pratt penrose hemovac blake bard bovie kelly allis babcock debakey adson metzenbaum mayo \
      deaver richardson balfour bookwalter weitlaner army navy senn gelpi bair hugger french coude malecot pezzer robinson \
      seldinger veress hasson castroviejo halsted mcpherson kerrison cobb leksell cloward caspar lapidus austin akin keller evans \
      bristol braden norton morse waterlow barthel karnofsky lansky zubrod likert tanner epworth mallampati cormack lehane \
      wagner fitzpatrick breslow clark gleason fuhrman bloom nottingham masaoka ann arbor dukes lugano rai binet bethesda boston milan \
      kaplan meier cox fisher bonferroni kruskal wallis mann whitney pearson spearman cronbach cohen bland altman \
      stevens johnson henoch schonlein wegener churg strauss takayasu goodpasture alport berger fanconi bartter gitelman liddle conn \
      budd chiari gilbert crigler najjar dubin rotor caroli laennec bernstein virchow krukenberg sister joseph troisier \
      kiesselbach waldeyer gram wright giemsa ziehl nielsen papanicolaou pap bartholin skene montgomery cooper nabothian \
      down edwards patau noonan williams prader willi angelman beckwith wiedemann digeorge rett ehlers danlos chiari dandy walker arnold \
      peyronie fournier bouveret ogilvie ladd nuss ravitch norwood fontan glenn blalock taussig jatene ross bentall maze \
      valsalva epley dix hallpike credé crede kegel bishop leopold mcroberts bandl braxton hicks couvelaire \
      lugol doppler holter bruce dobutamine fick bernoulli simpson teichholz fleischner gortex marlex shouldice lichtenstein bassini mcvay \
      mohs moh ringer ringers lactated hartmanns robin potter eisenmenger fallot ebstein wolff parkinson white brugada lown romano \
      ward wenckebach mobitz purkinje his cheyne crile cattell brooke hudson burch marshall stamey pfannenstiel maylard joel \
      mccall moschcowitz bakri cook rusch levin sengstaken blakemore minnesota linton salem dobhoff dobbhoff moss \
      steinmann kirschner schanz ilizarov rush ender gamma herbert acutrak zimmer stryker depuy synthes \
      buck russell bryant hoyer geri taylor wharton stensen oddi vater langerhans bowman henle loeb mikulicz \
      jendrassik hoover waddell patrick faber gaenslen yergason speed hawkins neer jobe apley allen adson ober ely noble drawer \
      scarpa camper colle denonvilliers gerota louis douglas morison treitz hesselbach petit cooper poupart gimbernat retzius morgagni \
      bochdalek vogt koyanagi harada horner argyll robertson adie holmes marcus gunn kayser fleischer hutchinson koplik forchheimer \
      fogarty doyle ellis owen morris midas rex jordan hall henry louis stanley victoria monte carlo herman teresa nikolsky darier auspitz koebner gottron shagreen lisch forrest savary miller clearfix barnes hutchison",
        Flags::EPONYM,
    ),
    (
        "disease syndrome sign test catheter reflex scale score criteria procedure fracture lymphoma palsy reaction maneuver manoeuvre phenomenon \
      clamp clamps forceps retractor retractors scissors drain drains tube tubes line position view method classification grade stage stain \
      smear ulcer tumor tumour sarcoma carcinoma esophagus oesophagus anemia anaemia thyroiditis contracture cyst node nodes nodule gland glands \
      pouch repair operation technique incision gastrectomy anastomosis fundoplication diverticulum hernia angle ligament fascia space \
      body bodies cell cells granuloma granulomatosis vasculitis arteritis purpura chorea dementia ataxia dystrophy neuropathy malformation \
      deformity block murmur breathing respirations respiration pulse rhythm heart tetralogy anomaly shunt graft stent valve screw screws plate nail rod \
      pin pins wire wires brace collar splint bandage dressing solution culture index equation formula coma assessment inventory questionnaire \
      nephropathy hepatitis cirrhosis gastroenteritis bacillus virus fever rash spots spot point triad law curve model estimator \
      facies crisis hyperplasia effect layer membrane ring rings lens chart plates lamp glasses tonometry osteotomy bunionectomy arthroplasty \
      hemiarthroplasty approach needle needles trocar stitch suture sutures knot bag balloon pump hook speculum \
      response type cancer lesion lesions nevus melanoma patch plaque exercises exercise protocol diet \
      filter device system cannula blade blades elevator rongeur curette table frame traction sling boot stockings hose \
      contractions presentation macrosomia exponent coefficient correlation distribution u t",
        Flags::HEAD,
    ),
    (
        "paxil norco allegra xanax yasmin yaz ativan celexa lexapro zoloft prozac effexor cymbalta wellbutrin lipitor crestor zocor pravachol \
      januvia jardiance farxiga lantus humalog novolog levemir tresiba ozempic trulicity victoza mounjaro wegovy coumadin eliquis xarelto \
      plavix brilinta lasix bumex aldactone diovan cozaar norvasc toprol coreg zestril prinivil vasotec altace synthroid armour cytomel \
      nexium prilosec protonix pepcid zantac reglan zofran phenergan compazine tylenol motrin advil aleve percocet vicodin dilaudid duragesic \
      soma flexeril zanaflex neurontin lyrica keppra dilantin depakote tegretol lamictal topamax trileptal zonegran sinemet aricept \
      namenda exelon haldol risperdal zyprexa seroquel abilify geodon clozaril ambien lunesta restoril klonopin valium librium buspar \
      desyrel remeron pamelor elavil adderall ritalin concerta vyvanse strattera advair symbicort spiriva singulair flonase nasonex zyrtec \
      claritin benadryl clarinex xyzal humira enbrel remicade rituxan stelara cosentyx otezla plaquenil rheumatrex imuran cellcept \
      prograf neoral gleevec herceptin avastin keytruda opdivo taxol taxotere adriamycin cytoxan femara arimidex aromasin tamoxifen nolvadex \
      lupron zoladex casodex proscar avodart flomax cialis viagra levitra premarin provera mirena nexplanon seasonale alesse levora trivora \
      fosamax boniva actonel prolia evista forteo bactrim cipro levaquin avelox keflex ancef rocephin zosyn vancomycin flagyl diflucan \
      zithromax augmentin amoxil doxy macrobid valtrex zovirax tamiflu paxlovid epivir truvada descovy biktarvy genvoya \
      dove ensure glucerna boost colace senna dulcolax miralax metamucil robitussin mucinex sudafed dayquil nyquil tums maalox mylanta \
      vicryl monocryl prolene ethilon nylon dexon pds ethibond gore dacron surgicel gelfoam tegaderm steri xeroform kerlix kling ace \
      betadine hibiclens chloraprep lidocaine marcaine xylocaine sensorcaine versed fentanyl propofol ketamine mercedes \
      coli aureus albicans difficile diff pylori candida spina vena jada dax colby viola melena carina alma tessalon perles \
      loestrin ortho evra jolessa camila errin heather nora sofia sienna aviane kelnor cryselle amethia jencycla kariva mircette lo \
      natalia junel alora climara vivelle estrace lessina portia estelle",
        Flags::PRODUCT,
    ),
    (
        "january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec",
        Flags::MONTH,
    ),
    (
        "alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana iowa kansas \
      kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon \
      pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming",
        Flags::STATE,
    ),
    (
        "al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa ri sc sd tn tx ut vt \
      va wa wv wi wy dc pr",
        Flags::STATE_LETTERS,
    ),
    (
        "african american australian canadian brazilian argentinian argentine colombian peruvian chilean venezuelan scottish welsh swiss austrian belgian czech hungarian romanian bulgarian serbian croatian ukrainian egyptian moroccan tunisian nigerian kenyan ghanaian ethiopian israeli lebanese syrian jordanian thai indonesian malaysian taiwanese nepali asian caucasian hispanic latino latina latinx black white native english spanish french german italian \
      portuguese chinese mandarin cantonese japanese korean vietnamese russian polish arabic hindi urdu bengali tagalog somali haitian creole \
      mexican cuban puerto rican filipino indian pakistani european jewish muslim christian catholic protestant hindu buddhist ashkenazi \
      mexico canada china india japan korea vietnam russia poland germany france italy spain england scotland wales ireland britain europe \
      america africa asia australia brazil cuba haiti jamaica philippines somalia ethiopia nigeria kenya ghana egypt iran iraq israel turkey \
      ukraine greece sweden norway denmark finland portugal dutch swedish norwegian danish finnish greek turkish iranian persian farsi \
      jordan monday tuesday wednesday thursday friday saturday sunday thanksgiving christmas easter hanukkah ramadan halloween diwali passover medicare medicaid tricare medigap us usa uk eu fda cdc who nhs nih va covid",
        Flags::NATION,
    ),
    (
        "patient pt name names attending surgeon surgeons assistant assistants anesthesiologist anesthetist anaesthetist physician physicians provider pcp author dictated signed \
      transcribed cc re referring consultant consultants resident rn caregiver guardian contact contacts kin witness interpreter radiologist \
      pathologist technologist technician reviewer attn attention to from client member subscriber insured policyholder guarantor beneficiary \
      signature recipient sender cosigner cosigned student employee applicant proxy surrogate clinician therapist midwife scribe \
      obstetrician cardiologist oncologist neurologist gp consultants dentist pharmacist respondent informant participant veteran",
        Flags::LABEL,
    ),
    (
        "dictated signed cosigned seen evaluated examined performed ordered reviewed referred accompanied reported interpreted transcribed \
      verified witnessed attested authored completed translated requested approved edited brought escorted spoke spoken speak discussed \
      discuss met meet conferred consulted talked talk visited staffed lives living resides notified paged informed thank contacted \
      ask asked tell told telling asking saw seeing entered dispensed scribed interviewed coordinate coordinated message messaged questions",
        Flags::ACT,
    ),
    ("thank dear hi hello hey sincerely regards thanks cheers warmly respectfully yours", Flags::GREETING),
    ("hospital clinic infirmary hospice sanatorium center centre", Flags::FACILITY),
    ("van von der den de da di del della dos la le el al bin ibn abu st san ter", Flags::PARTICLE),
    ("com org net edu gov io info health uk mil biz", Flags::DOMAIN),
    (
        "admitted readmitted referred brought sent transported airlifted evacuated emigrated fell hospitalized hospitalised treated seen diagnosed operated married went returned going goes discharged flew drove came comes arrived zip zipcode postal postcode po p county parish borough township lives living lived resides residing resident native moved born grew \
      raised from visiting transferred relocated house home apartment works worked stays staying vacation travel travelled traveled",
        Flags::PLACE_CUE,
    ),
    ("http https ftp sftp www", Flags::WEB),
    (
        "tolerated reports reported denies denied states stated asked complains complained underwent said says feels felt agreed agrees wants declined \
      refused verbalized verbalised understands expressed requested endorses endorsed lives called slept ate ambulated walked collected fetched smokes drinks works worked married cried sleeps eats takes noticed remembers explained",
        Flags::VERB,
    ),
    ("ninety nineties nonagenarian centenarian hundred", Flags::NINETY),
    (
        "mg mcg g kg ml l cc dl units unit iu meq mmol mm cm m in ft lb lbs oz mmhg bpm cup cups tablet tablets tab tabs capsule capsules pill pills \
      strength power motor percent pain scale fingerbreadths hours hour hrs hr minutes min seconds sec weeks week wks days day months month years year yrs \
      times doses dose drops puffs bilaterally strong grade murmur inch inches teaspoon teaspoons tsp tbsp of sets reps gallons \
      liters litres positive negative nodes lymph maneuvers stars quadrants joints toes fingers nails ribs",
        Flags::UNIT,
    ),
    (
        "the a an this that these those our your their his her its my and or of in on at to for with by from as no not all any each every is was \
      are were be been has have had he she it they we you i who whom which what when where why how if then than so but also unknown none null \
      local same other another home house office here there",
        Flags::FUNCTION,
    ),
];

/// How much must stand between a cue and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: `MRN 1234567`.
    Nothing,
    /// A colon, `#`, `number`, `no.`, `ID` or the like: `account number 1234`.
    Mark,
}

/// A phrase that announces an identifier.
pub struct Cue {
    pub phrase: &'static str,
    pub kind: Kind,
    pub rule: &'static str,
    pub needs: Needs,
}

const fn free(phrase: &'static str, kind: Kind, rule: &'static str) -> Cue {
    Cue { phrase, kind, rule, needs: Needs::Nothing }
}

const fn marked(phrase: &'static str, kind: Kind, rule: &'static str) -> Cue {
    Cue { phrase, kind, rule, needs: Needs::Mark }
}

/// The phrases, longest first among those with the same first word.
pub const IDENTIFIERS: &[Cue] = &[
    free("ssn", Kind::Ssn, "ssn.cue"),
    marked("ss", Kind::Ssn, "ssn.cue"),
    free("social security number", Kind::Ssn, "ssn.cue"),
    free("social security", Kind::Ssn, "ssn.cue"),
    free("soc sec", Kind::Ssn, "ssn.cue"),
    free("mrn", Kind::Mrn, "mrn.cue"),
    marked("mr", Kind::Mrn, "mrn.cue"),
    free("medical record", Kind::Mrn, "mrn.cue"),
    free("med rec", Kind::Mrn, "mrn.cue"),
    marked("record", Kind::Mrn, "mrn.cue"),
    marked("chart", Kind::Mrn, "mrn.cue"),
    marked("hospital", Kind::Mrn, "mrn.cue"),
    marked("patient", Kind::Mrn, "mrn.cue"),
    marked("pt", Kind::Mrn, "mrn.cue"),
    marked("unit", Kind::Mrn, "mrn.cue"),
    marked("nhs", Kind::Mrn, "mrn.cue"),
    free("health plan beneficiary", Kind::HealthPlan, "plan.cue"),
    free("health plan", Kind::HealthPlan, "plan.cue"),
    marked("member", Kind::HealthPlan, "plan.cue"),
    marked("subscriber", Kind::HealthPlan, "plan.cue"),
    marked("beneficiary", Kind::HealthPlan, "plan.cue"),
    marked("policy", Kind::HealthPlan, "plan.cue"),
    marked("group", Kind::HealthPlan, "plan.cue"),
    marked("insurance", Kind::HealthPlan, "plan.cue"),
    free("medicare", Kind::HealthPlan, "plan.cue"),
    free("medicaid", Kind::HealthPlan, "plan.cue"),
    free("mbi", Kind::HealthPlan, "plan.cue"),
    free("hicn", Kind::HealthPlan, "plan.cue"),
    marked("plan", Kind::HealthPlan, "plan.cue"),
    marked("coverage", Kind::HealthPlan, "plan.cue"),
    marked("account", Kind::Account, "account.cue"),
    free("acct", Kind::Account, "account.cue"),
    marked("billing", Kind::Account, "account.cue"),
    marked("invoice", Kind::Account, "account.cue"),
    marked("claim", Kind::Account, "account.cue"),
    marked("encounter", Kind::Account, "account.cue"),
    marked("visit", Kind::Account, "account.cue"),
    marked("fin", Kind::Account, "account.cue"),
    free("csn", Kind::Account, "account.cue"),
    free("iban", Kind::Account, "account.cue"),
    free("credit card", Kind::Account, "account.cue"),
    free("card ending", Kind::Account, "account.cue"),
    marked("card", Kind::Account, "account.cue"),
    marked("guarantor", Kind::Account, "account.cue"),
    free("routing number", Kind::Account, "account.cue"),
    marked("license", Kind::Licence, "licence.cue"),
    marked("licence", Kind::Licence, "licence.cue"),
    free("drivers license", Kind::Licence, "licence.cue"),
    free("driver license", Kind::Licence, "licence.cue"),
    free("driver s license", Kind::Licence, "licence.cue"),
    free("driving licence", Kind::Licence, "licence.cue"),
    free("driver s licence", Kind::Licence, "licence.cue"),
    marked("certificate", Kind::Licence, "licence.cue"),
    marked("certification", Kind::Licence, "licence.cue"),
    marked("lic", Kind::Licence, "licence.cue"),
    free("dea", Kind::Licence, "licence.cue"),
    free("npi", Kind::Licence, "licence.cue"),
    marked("gmc", Kind::Licence, "licence.cue"),
    marked("dl", Kind::Licence, "licence.cue"),
    free("passport", Kind::Licence, "licence.cue"),
    free("state id", Kind::Licence, "licence.cue"),
    marked("identity card", Kind::Licence, "licence.cue"),
    free("license plate", Kind::Vehicle, "vehicle.plate"),
    free("licence plate", Kind::Vehicle, "vehicle.plate"),
    free("number plate", Kind::Vehicle, "vehicle.plate"),
    marked("plate", Kind::Vehicle, "vehicle.plate"),
    marked("plates", Kind::Vehicle, "vehicle.plate"),
    marked("tag", Kind::Vehicle, "vehicle.plate"),
    marked("registration", Kind::Vehicle, "vehicle.plate"),
    free("vin", Kind::Vehicle, "vehicle.vin"),
    free("vehicle identification number", Kind::Vehicle, "vehicle.vin"),
    marked("vehicle", Kind::Vehicle, "vehicle.vin"),
    free("device serial number", Kind::Device, "device.serial"),
    free("device serial", Kind::Device, "device.serial"),
    free("serial number", Kind::Device, "device.serial"),
    free("serial no", Kind::Device, "device.serial"),
    free("serial", Kind::Device, "device.serial"),
    marked("sn", Kind::Device, "device.serial"),
    free("s n", Kind::Device, "device.serial"),
    marked("device", Kind::Device, "device.serial"),
    marked("implant", Kind::Device, "device.serial"),
    marked("generator", Kind::Device, "device.serial"),
    marked("pacemaker", Kind::Device, "device.serial"),
    free("udi", Kind::Device, "device.udi"),
    free("imei", Kind::Device, "device.serial"),
    free("mac address", Kind::Device, "device.mac"),
    free("fingerprint", Kind::Biometric, "biometric.cue"),
    free("fingerprints", Kind::Biometric, "biometric.cue"),
    free("thumbprint", Kind::Biometric, "biometric.cue"),
    free("palm print", Kind::Biometric, "biometric.cue"),
    free("palmprint", Kind::Biometric, "biometric.cue"),
    free("voiceprint", Kind::Biometric, "biometric.cue"),
    free("voice print", Kind::Biometric, "biometric.cue"),
    free("voice recording", Kind::Biometric, "biometric.cue"),
    free("retinal scan", Kind::Biometric, "biometric.cue"),
    free("retina scan", Kind::Biometric, "biometric.cue"),
    free("iris scan", Kind::Biometric, "biometric.cue"),
    free("iris template", Kind::Biometric, "biometric.cue"),
    free("face template", Kind::Biometric, "biometric.cue"),
    free("faceprint", Kind::Biometric, "biometric.cue"),
    free("hand scan", Kind::Biometric, "biometric.cue"),
    free("finger scan", Kind::Biometric, "biometric.cue"),
    free("face scan", Kind::Biometric, "biometric.cue"),
    free("biometric", Kind::Biometric, "biometric.cue"),
    free("accession", Kind::Other, "other.cue"),
    marked("acc", Kind::Other, "other.cue"),
    marked("specimen", Kind::Other, "other.cue"),
    marked("case", Kind::Other, "other.cue"),
    marked("study", Kind::Other, "other.cue"),
    marked("subject", Kind::Other, "other.cue"),
    marked("participant", Kind::Other, "other.cue"),
    marked("employee", Kind::Other, "other.cue"),
    marked("student", Kind::Other, "other.cue"),
    marked("badge", Kind::Other, "other.cue"),
    marked("inmate", Kind::Other, "other.cue"),
    marked("booking", Kind::Other, "other.cue"),
    marked("order", Kind::Other, "other.cue"),
    marked("requisition", Kind::Other, "other.cue"),
    marked("prescription", Kind::Other, "other.cue"),
    marked("rx", Kind::Other, "other.cue"),
    marked("donor", Kind::Other, "other.cue"),
    marked("reference", Kind::Other, "other.cue"),
    marked("ref", Kind::Other, "other.cue"),
    marked("tracking", Kind::Other, "other.cue"),
    marked("confirmation", Kind::Other, "other.cue"),
    marked("username", Kind::Other, "other.cue"),
    marked("military", Kind::Other, "other.cue"),
    marked("job", Kind::Other, "other.cue"),
    marked("document", Kind::Other, "other.cue"),
];
