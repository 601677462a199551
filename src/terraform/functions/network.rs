//! Functions over CIDR blocks.

use std::net::IpAddr;

use dashu_int::IBig;
use ipnet::IpNet;

use super::Takes::{Number as Num, Text as Str};
use super::{Call, Function, Needs, Outcome, gives, int_of, number_of, row, text_of, texts};
use crate::value::{Number, Value};

pub(super) const TABLE: &[Function] = &[
    row("cidrhost", &[Str, Num], Needs::Known, |a, c| {
        let block = block(&a[0])?;
        let host_bits = usize::from(block.max_prefix_len() - block.prefix_len());
        let size = IBig::ONE << host_bits;
        let whole = whole(&number_of(&a[1])?)?;
        let offset = match whole < IBig::ZERO {
            true => &size + &whole,
            false => whole.clone(),
        };
        if offset < IBig::ZERO || offset >= size {
            return Err(format!("{block} has no host number {whole}"));
        }
        let at = address(&block, IBig::from(bits(&block)) + offset)?;
        Ok(Value::text(at.to_string(), c.site))
    })
    .giving(gives::text),
    row("cidrnetmask", &[Str], Needs::Known, |a, c| {
        match block(&a[0])? {
            IpNet::V4(block) => Ok(Value::text(block.netmask().to_string(), c.site)),
            // Go takes an address that stands for one of IPv4 for one.
            IpNet::V6(block) if block.addr().to_ipv4_mapped().is_some() => {
                Ok(Value::text(block.netmask().to_string(), c.site))
            }
            IpNet::V6(_) => Err("IPv6 blocks have no netmask".to_owned()),
        }
    })
    .giving(gives::text),
    row("cidrsubnet", &[Str, Num, Num], Needs::Known, |a, c| {
        let number = number_of(&a[2])?;
        subnet(&block(&a[0])?, int_of(&a[1])?, &number)
            .map(|block| Value::text(block.to_string(), c.site))
    })
    .giving(gives::text),
    row("cidrsubnets", &[Str], Needs::Known, cidrsubnets)
        .giving(gives::texts)
        .and_more(Num),
];

/// A block with its host bits cleared, as Terraform has it.
fn block(value: &Value) -> Result<IpNet, String> {
    let text = text_of(value)?;
    let block: IpNet = text
        .parse()
        .map_err(|_| format!("\"{text}\" is no CIDR block"))?;
    Ok(block.trunc())
}

fn bits(block: &IpNet) -> u128 {
    match block.network() {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// The address whose bits are those of a number without its sign, as Go's library makes it.
fn address(like: &IpNet, bits: IBig) -> Result<IpAddr, String> {
    let bits = match bits < IBig::ZERO {
        true => -bits,
        false => bits,
    };
    let too_large = || "the address is out of range".to_owned();
    let bits = u128::try_from(bits).map_err(|_| too_large())?;
    match like {
        IpNet::V4(_) => u32::try_from(bits)
            .map(|bits| IpAddr::V4(bits.into()))
            .map_err(|_| too_large()),
        IpNet::V6(_) => Ok(IpAddr::V6(bits.into())),
    }
}

/// A whole number of any size.
fn whole(number: &Number) -> Result<IBig, String> {
    let digits = number.is_integer().then(|| number.to_string());
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| "a whole number is needed".to_owned())
}

fn subnet(block: &IpNet, more_bits: i64, number: &Number) -> Result<IpNet, String> {
    let length = i64::from(block.prefix_len()).saturating_add(more_bits);
    let most = i64::from(block.max_prefix_len());
    let number = whole(number)?;
    if more_bits < 0 || length > most {
        return Err(format!("{block} cannot be cut by {more_bits} bits"));
    }
    if number >= IBig::ONE << more_bits as usize {
        return Err(format!(
            "{block} has no subnet number {number} of {more_bits} bits"
        ));
    }
    let host_bits = (most - length) as usize;
    // A negative number is not refused: its bits are put in the place of the block's.
    let start = IBig::from(bits(block)) | (number << host_bits);
    IpNet::new(address(block, start)?, length as u8).map_err(|error| error.to_string())
}

fn cidrsubnets(arguments: &[Value], call: Call<'_>) -> Outcome {
    let block = block(&arguments[0])?;
    if bits(&block) == 0 && arguments.len() > 1 {
        // Terraform looks for room behind the end of what lies before the block, and before 0.0.0.0 there is nothing.
        return Err(format!("{block} has no room for a subnet"));
    }
    let most = u32::from(block.max_prefix_len());
    let mut next = bits(&block);
    let end = next.checked_add(if u32::from(block.prefix_len()) == 0 && most == 128 {
        u128::MAX
    } else {
        (1u128 << (most - u32::from(block.prefix_len()))) - 1
    });
    let mut blocks = Vec::new();
    for argument in &arguments[1..] {
        let length = i64::from(block.prefix_len()).saturating_add(int_of(argument)?);
        let length = u8::try_from(length)
            .ok()
            .filter(|l| u32::from(*l) <= most && *l > block.prefix_len());
        let length =
            length.ok_or_else(|| "a subnet is as large as the block, or too small".to_owned())?;
        let size = 1u128
            .checked_shl(most - u32::from(length))
            .unwrap_or(u128::MAX);
        let start = next
            .checked_next_multiple_of(size)
            .ok_or_else(|| "there is no room left".to_owned())?;
        if end.is_none_or(|end| start + (size - 1) > end) {
            return Err(format!("{block} has no room for all of them"));
        }
        let part = IpNet::new(address(&block, start.into())?, length)
            .map_err(|error| error.to_string())?;
        blocks.push(part.to_string());
        next = start.saturating_add(size);
    }
    Ok(texts(blocks.iter().map(String::as_str), call))
}
