//! First names that are frequent where our users are, and capitalized words that are no
//! names.

use std::sync::LazyLock;

use crate::evidence::WordSet;

/// Whether `word`, in any case, is a frequent first name.
pub(super) fn is_first_name(word: &str) -> bool {
    contains(&FIRST_NAME_SET, word)
}

/// Whether `word` is an ordinary word that sentences and logs capitalize.
pub(super) fn is_ordinary(word: &str) -> bool {
    contains(&ORDINARY_SET, word)
}

/// Longest word of either list, in bytes.
const LONGEST: usize = 24;

fn contains(set: &WordSet, word: &str) -> bool {
    if word.len() < 2 || word.len() > LONGEST {
        return false;
    }
    let mut lower = [0; LONGEST];
    match (word.is_ascii(), lower.get_mut(..word.len())) {
        (true, Some(lower)) => {
            lower.copy_from_slice(word.as_bytes());
            lower.make_ascii_lowercase();
            std::str::from_utf8(lower).is_ok_and(|w| set.contains(w))
        }
        _ => set.contains(word.to_lowercase().as_str()),
    }
}

static FIRST_NAME_SET: LazyLock<WordSet> =
    LazyLock::new(|| FIRST_NAMES.split_whitespace().collect());
static ORDINARY_SET: LazyLock<WordSet> = LazyLock::new(|| ORDINARY.split_whitespace().collect());

const FIRST_NAMES: &str = "
    aadhya aarav aaron abby abdul abdullah abhishek abigail adam adela adelaide adele aditi aditya adrian
    adriana adriano advik agata agnes agnieszka ahmed aidan aisha ajay akash akiko akira alain alan alana
    albert alberto alejandra alejandro aleksander aleksandra alessandra alessandro alessia alex alexander
    alexandra alexandre alexis alfonso alfred alfredo ali alice alicia alina alison allen allison alvaro
    amanda amber amelia amit amy amélie ana ananya anastasia anaïs andre andrea andreas andrew andrzej andré
    andrés andy angel angela angelica angelina angelo anika anil anita anja anjali ankit ann anna anne
    annette annie anouk anthony antoine anton antonella antonia antonio antónio antônio anya arjun armando
    arnaud arnav arne arnold arthur artur arturo arun arvid asha ashley ashok astrid attilio audrey augusto
    aurora aurélie austin ava axel ayesha barbara barry bartosz bas bastien beatrice beatriz ben benedikt
    benjamin bernard bernd bernhard bert beth bettina betty beverly bianca bill billy björn blanca bob bobby
    bogdan brad bradley bram brandon brandy brenda brent brett brian brianna brigitte brittany brittney
    brooke bruce bruna bruno bryan bárbara caleb calvin cameron camila camilla camille candice carina carl
    carla carlo carlos carmen carol carola carolina caroline carolyn carrie casey cassandra catarina
    catherine cathy cauã cecilia cecília chad charlene charles charlie charlotte chelsea chen cheryl chiara
    chloe chloé chris christa christian christiane christina christine christophe christopher cindy clara
    clare clarice claude claudia claudio clive clément cody colette colin connie connor conrad constance
    corey corinne cory courtney craig cristian cristiano cristina crystal curtis cynthia cyril cédric céline
    daan dagmar daisy dale damian damien dan dana daniel daniela daniele danielle danilo danny daria dario
    dariusz darren dave david davide dawid dawn dean debbie deborah debra deepak denis denise dennis derek
    desiree destiny detlef devin diana diane diego dieter dimitri dirk diya dmitri dolores dominic dominik
    dominique don donald donatello donna dora doris dorota dorothy doug douglas duncan dustin dylan earl
    eddie edgar edith eduard eduardo edward edwin eileen elaine eleanor elena eleonora eli elias elisa
    elisabeth elise elizabeth elke ella ellen ellie eloise elsa elvira emanuel emanuele emil emilia emilie
    emilio emily emma emmanuel enrico enrique enzo eric erica erik erika erin ernest ernesto ernst esteban
    estelle ester esther ethan etienne eugene eugenia eugenio eva evan evelyn ewa fabian fabien fabio
    fabrizio faith fatima federica federico felicia felipe felisa felix ferdinand fernanda fernando filip
    filippo finn fiona flavia flavio fleur floortje flora florence florian frances francesca francesco
    francis francisca francisco franco frank franz françois françoise fred frederic frederik friedrich
    fryderyk frédéric fulvio félix gabriel gabriela gabriele gabriella gabrielle gagan gail gareth gary
    gaurav gavin geert gemma geoffrey george georges georgia gerald geraldine gerard gerhard gerrit gertrud
    gheorghe giacomo gianluca gianni gina ginevra giorgia giorgio giovanni girik giulia giuliana giulio
    giuseppe gladys glen glenn gloria gonzalo gordon grace graham graziella greg gregor gregory greta
    grzegorz guido guillaume guillermo gunther gustavo guy gérard günter halil hanako hanna hannah hannes
    hans harald harold harriet harry harsh haruto heather heidi heike heinrich heinz helen helena helga
    helmut hemang hendrik henk henri henrik henry herbert hermann hilda hiroshi holger holly horst howard
    hugh hugo hui humberto hélène ian ibrahim ida ignacio igor iker ilaria ilona ilse imran ina ines inge
    ingrid inés irene irina iris isaac isabel isabela isabella isabelle ishaan ishita ismael ivan ivo iván
    iwona jack jackie jacob jacopo jacqueline jacques jaime jake jakob jakub james jamie jana jane janet
    janice janina janine janusz jared jaroslaw jasmin jasmine jason javier jay jean jeanne jeff jeffrey
    jelle jenna jennifer jenny jens jeremiah jeremy jeroen jerry jerzy jesse jessica jesus jesús ji-woo jill
    jim jimmy jing joan joana joanna joanne joaquim joaquín jochen jodie joe joel johan johanna johannes
    john johnny jolanda jon jonas jonathan joost jordan jordi jorge joris jose josef josep joseph josephine
    joshua josé joyce joão juan juana judith judy julia julian juliana julie julien juliette julio justin
    justyna jérôme jürgen kabir kacper kai kamil kamila karen karim karin karina karl karolina kasper
    katarina katarzyna kate katharina katherine kathleen kathrin kathryn kathy katie katja katrin kavita
    kavya kayla keith kelly ken kenji kenneth kenta kerstin kevin khadija kim kimberly kinga kiran klaus
    koen konrad krishna kristen kristin kristina kristine krystyna krzysztof kurt kyle lakshmi lara larissa
    larry lars laszlo laura laure lauren laurence laurent lavinia layla lea leah leila lena leo leon
    leonardo leonie leonor leopold leslie letícia lewis li liam lidia lieke lilly lily lina linda lindsay
    lindsey lionel lisa livia liz lloyd lola lorena lorenzo loretta lori lotte louis louisa louise luc luca
    lucas lucia lucie lucio lucy lucía ludovic ludwig luigi luis luisa luiz luiza lukas luke lutz luís lynn
    léa léo maarten maciej madeleine madison magdalena maike malcolm malik manfred manon manuel manuela marc
    marcel marcela marcello marcelo marcia marcin marco marcos marcus marek margaret margarita margherita
    margot marguerite maria mariam mariana marianne marie marilyn marina mario marion marisa marissa mariusz
    marjorie mark marko markus marlene marta marten martha martin martina martine martín marvin mary maría
    mateo mateus mateusz matheus mathias mathieu mathilde matilde matt matteo matthew matthias maureen
    maurice mauricio maurizio mauro max maxime maximilian maya małgorzata meera megan mehul mei meike
    melanie melissa meredith mia michael michaela michał michel michela michele michelle miguel mike mikołaj
    milan milena milou min-jun mina ming mira miranda miriam mirko mitchell mohamed mohammad mohammed mohan
    moira molly monica monika monique moritz muhammad mónica nadia nadine nancy naoki naomi natalia natalie
    natasha nathalie nathan nathaniel naveen neha neil nele nestor nicholas nick nicola nicolas nicole
    nicolás niels nigel nikhil nikita niklas nikolai nils nina nisha nitin noah noel noor nora norbert norma
    norman noémie nuria octavia olaf oleksandr olga oliver olivia olivier om omar oscar otto owen pablo pam
    pamela paola paolo pascal patricia patricio patrick patrizia patryk patrícia paul paula paulina pauline
    paulo paweł pedro peggy penelope percy peter petra philip philipp philippe phillip phoebe phyllis pia
    pier pierre pieter pietro pilar piotr pooja prakash pranav priya priyanka quentin quinn rachel rafael
    rafał raffaele rahul rainer raj rajesh ralf ralph ramon ramón randy raphael raquel rashid raul ravi ray
    raymond raúl rebecca regina reinhard reinhold renata renate renato rene rené reyansh rhonda ricardo
    riccardo richard rick ricky rik rita ritika rob robert roberta roberto robin rocco rodney rodolfo
    rodrigo roger rogério rohan rohit roland rolf romain roman ron ronald rosa rosalie rosario rose rosemary
    ross roxane roy ruben rubén rudolf rupert russell ruth ryan sabine sabrina sai sakshi sakura sally
    salvador salvatore sam samantha samir samuel samuele sander sandra sandro sandy sanjana sanjay sanne
    sara sarah sascha satoshi scott sean sebastian seo-yeon serena sergio seth shane shannon sharon shaun
    shawn sheila shelby shirley shreya sibylla siddharth sidney siegfried silke silvia silvio simon simona
    simone sjoerd sneha sofia sofie sofía sonia sonja sophia sophie stacey stacy stan stanisław stefan
    stefania stefanie stefano steffen stella stephan stephanie stephen steve steven stuart stéphane sue
    sunil suresh susan susana susanne suzanne sven svetlana swen sylvain sylvia sylvie sébastien sören tabea
    takashi tamara tammy tanish tanja tanvi tanya tara taro tatiana ted terence teresa teri terri terry
    tessa thea theo theodor theresa thiago thibault thierry thijs thomas thérèse tiago tiffany till tim timo
    timothy tina tobias todd tom tomasz tommaso tommy tomás toni tony tracey tracy travis trevor tristan
    troy tyler uli ulrich ulrike umberto upasna ursula ute uwe valentin valentina valeria valerie valérie
    vanessa varun vera verena veronica veronika verónica vicente vicki vicky victor victoria vihaan vijay
    vikram viktor viktoria vincent vincenzo viola violet virginia virginie vitor vittoria vittorio vivaan
    vivek vivian viviana vladimir volker véronique walter wanda wayne wei wendy werner wilhelm willem
    william wim wojciech wolfgang xavier xin yan yann yannick yara yash yasmin yoko yolanda yoshita yuki
    yumi yuri yusuf yves yvonne zachary zainab zara zbigniew zoe zofia zoya zoé zuzanna álvaro ángel
    élisabeth élise émilie étienne łukasz
";

const ORDINARY: &str = "
    accept account accounts active address admin after again agent all also alter amazon america american
    amount an and annual any api apple apr are as at aug authorization avenue bank basic be bearer been
    before between bolt branch bug build bulb but by cable cache can cancelled card ceramic check client
    closed column comment commit company completed connected connecting connection constraint content
    control cookie corp create currency customer customers daily database date day dear debug dec december
    default delete delivered description desk did disabled do docker does drop during each east email
    enabled english enterprise error errors european every example external failed failure false fatal
    feature feb february finished first fix for foreign free french friday from function further german get
    github google grant group had has have hello her here hi his host how html http https if in inc index
    info insert internal internet invoice is issue it italian item items its january java json jul july jun
    june just key keys kingdom kubernetes last length linux llc ltd mac mar march meeting merge microsoft
    monday monthly more most mouse mug mysql name names new next no none north not note notes notice nov
    november now null number oct october of old on once only open or order orders other our over owner
    password payment pending phone plan please post postgres premium price primary printer private pro
    processing product products public pull push put python query record redis refund release replaced
    request response returned road room row rows rust same saturday schema section see select sep september
    sequence server service session set shipment shipped should since slack so some south spanish spoke sql
    standard standing started starting state states status steel stock stopped stopping street stripe
    subscription success such sunday table team test tests than that the their then there these they this
    those thursday ticket time title to token too total trace trigger true tuesday type under unique united
    unknown until update upgrade user users value values version very view warn warning was we web wednesday
    weekly were west what when where which while who why windows wire wireless with without xml yes you your
";
