//! Brazil: CPF, CNPJ, CNH and PIS.

use super::weighted;

/// Remainder of Receita Federal's modulo 11: 0 when the rest is below two.
fn mod11(digits: &[u8], weights: &[u32]) -> u32 {
    match weighted(digits, weights) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

fn at(digits: &[u8], place: usize) -> Option<u32> {
    digits.get(place).map(|d| u32::from(*d))
}

fn uniform(digits: &[u8]) -> bool {
    digits.windows(2).all(|w| w.first() == w.last())
}

/// CPF: two check digits modulo 11 (Receita Federal, IN RFB 1548/2015).
pub(crate) fn cpf(digits: &[u8]) -> bool {
    digits.len() == 11
        && !uniform(digits)
        && at(digits, 9) == Some(mod11(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]))
        && at(digits, 10) == Some(mod11(digits, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]))
}

/// CNPJ: two check digits modulo 11 (Receita Federal, IN RFB 2119/2022).
pub(crate) fn cnpj(digits: &[u8]) -> bool {
    digits.len() == 14
        && !uniform(digits)
        && at(digits, 12) == Some(mod11(digits, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]))
        && at(digits, 13) == Some(mod11(digits, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]))
}

/// CNH: two check digits, the second lowered by two when the first was ten
/// (DENATRAN, Resolução CONTRAN 598/2016).
pub(crate) fn cnh(digits: &[u8]) -> bool {
    let first = weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11;
    let lowered = if first >= 10 { 2 } else { 0 };
    let second = weighted(digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11;
    let second = match second {
        10 => 0,
        rest => (rest + 11 - lowered) % 11 % 10,
    };
    digits.len() == 11
        && !uniform(digits)
        && at(digits, 9) == Some(first % 10)
        && at(digits, 10) == Some(second)
}

/// PIS/PASEP: one check digit modulo 11 (Caixa Econômica Federal).
pub(crate) fn pis(digits: &[u8]) -> bool {
    digits.len() == 11
        && !uniform(digits)
        && at(digits, 10) == Some(mod11(digits, &[3, 2, 9, 8, 7, 6, 5, 4, 3, 2]))
}

#[cfg(test)]
mod tests {
    use super::super::digits;
    use super::*;

    #[test]
    fn check_digits_hold() {
        assert!(cpf(&digits("529.982.247-25")) && !cpf(&digits("529.982.247-26")));
        assert!(!cpf(&digits("111.111.111-11")));
        assert!(cnpj(&digits("11.222.333/0001-81")) && !cnpj(&digits("11.222.333/0001-82")));
        let valid = (0..10)
            .filter(|d| pis(&digits(&format!("120.12345.67-{d}"))))
            .count();
        assert_eq!(valid, 1);
        assert!(cnh(&digits("62472927637")) && !cnh(&digits("62472927638")));
    }
}
