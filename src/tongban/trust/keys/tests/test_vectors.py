"""Published vectors for every algorithm (security R23): SM2, SM3, SM4, ECDSA, Ed25519, RSA, AES-GCM."""

from __future__ import annotations

import hashlib

import pytest
from asn1crypto import core
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tongban.base.kernel.api import Invalid
from tongban.trust.keys import ciphers, gm
from tongban.trust.keys.data import Algorithm

from .conftest import OpenSSL

# GB/T 32918.5-2017 and GM/T 0003.5, annex A: the recommended curve, ID 1234567812345678, "message digest".
SM2_D = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"
SM2_X = "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
SM2_Y = "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
SM2_R = "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
SM2_S = "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
# The same, annex C: "encryption standard" under the same key.
SM2_C1 = (
    "04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
    "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
)
SM2_C2 = "21886CA989CA9C7D58087307CA93092D651EFA"
SM2_C3 = "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"


def _sm2_public() -> bytes:
    return bytes.fromhex("3059301306072A8648CE3D020106082A811CCF5501822D03420004" + SM2_X + SM2_Y)


def _sm2_private() -> bytes:
    """PKCS #8: the curve, then version, number and public point of RFC 5915."""
    point = b"\xa1\x44\x03\x42\x00\x04" + bytes.fromhex(SM2_X + SM2_Y)
    inner = _sequence(b"\x02\x01\x01" + core.OctetString(bytes.fromhex(SM2_D)).dump() + point)
    curve = bytes.fromhex("301306072A8648CE3D020106082A811CCF5501822D")
    return _sequence(b"\x02\x01\x00" + curve + core.OctetString(inner).dump())


def _sequence(body: bytes) -> bytes:
    size = len(body)
    length = bytes([size]) if size < 128 else b"\x81" + bytes([size])
    return b"\x30" + length + body


def _pair(r: str, s: str) -> bytes:
    return utils.encode_dss_signature(int(r, 16), int(s, 16))


def test_sm2_signature() -> None:
    value = _pair(SM2_R, SM2_S)
    assert ciphers.algorithm_of(_sm2_public()) is Algorithm.SM2
    assert ciphers.verified(_sm2_public(), b"message digest", value)
    assert not ciphers.verified(_sm2_public(), b"message digests", value)
    assert not gm.verify(_sm2_public(), b"message digest", value, identity=b"ALICE123@YAHOO.COM")
    ours = gm.sign(_sm2_private(), b"message digest")
    assert ciphers.verified(_sm2_public(), b"message digest", ours)


def test_sm2_encryption() -> None:
    """GM/T 0009 wraps C1, C3 and C2 of the vector in a SEQUENCE."""
    x, y = int(SM2_C1[:64], 16), int(SM2_C1[64:], 16)
    body = core.Integer(x).dump() + core.Integer(y).dump()
    sealed = _sequence(
        body + core.OctetString(bytes.fromhex(SM2_C3)).dump() + core.OctetString(bytes.fromhex(SM2_C2)).dump()
    )
    assert gm.decrypt(_sm2_private(), sealed) == b"encryption standard"
    assert gm.decrypt(_sm2_private(), ciphers.encrypt_to(_sm2_public(), b"abc")) == b"abc"
    with pytest.raises(gm.Unreadable):
        gm.decrypt(_sm2_private(), sealed[:-1] + b"\x00")


def test_sm3() -> None:
    """GB/T 32905-2016, annex A."""
    assert ciphers.digest(b"abc", "sm3").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    expected = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    assert ciphers.digest(b"abcd" * 16, "sm3").hex() == expected


def test_sm4() -> None:
    """GB/T 32907-2016, annex A, for the block; RFC 8998, A.1, for GCM."""
    from cryptography.hazmat.primitives.ciphers import Cipher, modes
    from cryptography.hazmat.primitives.ciphers.algorithms import SM4

    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    block = Cipher(SM4(key), modes.ECB()).encryptor()
    assert block.update(key).hex() == "681edf34d206965e86b3e94f536e4246"
    nonce, aad = bytes.fromhex("00001234567800000000ABCD"), bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    plain = b"".join(bytes([byte]) * 8 for byte in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    cipher = ciphers.aead(Algorithm.SM4, key)
    assert cipher.encrypt(nonce, plain, aad) == sealed
    assert cipher.decrypt(nonce, sealed, aad) == plain
    with pytest.raises(InvalidTag):
        cipher.decrypt(nonce, sealed, aad + b"x")


def test_aes_256_gcm() -> None:
    """The GCM specification's test case 16 (NIST)."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    sealed = bytes.fromhex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )
    aad, nonce = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"), bytes.fromhex("cafebabefacedbaddecaf888")
    assert ciphers.aead(Algorithm.AES256, key).encrypt(nonce, plain, aad) == sealed


ECDSA = [  # RFC 6979, A.2.5 and A.2.6, message "sample"
    (
        ec.SECP256R1(),
        "sha256",
        "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
        "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    ),
    (
        ec.SECP384R1(),
        "sha384",
        "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13",
        "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720",
        "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46",
        "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
    ),
]


@pytest.mark.parametrize(("curve", "hash_name", "x", "y", "r", "s"), ECDSA)
def test_ecdsa(curve: ec.EllipticCurve, hash_name: str, x: str, y: str, r: str, s: str) -> None:
    numbers = ec.EllipticCurvePublicNumbers(int(x, 16), int(y, 16), curve)
    public = numbers.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert ciphers.verified(public, b"sample", _pair(r, s), hash_name)
    digest = hashlib.new(hash_name, b"sample").digest()
    assert ciphers.verified(public, digest, _pair(r, s), hash_name, hashed=True)
    assert not ciphers.verified(public, b"Sample", _pair(r, s), hash_name)


def test_rsa(openssl: OpenSSL) -> None:
    """PKCS #1 v1.5 with SHA-256, 3072 bits: made by OpenSSL, checked by us. Shorter keys are refused."""
    private = openssl.folder / "rsa.pem"
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072", "-out", private)
    openssl("pkey", "-in", private, "-pubout", "-outform", "DER", "-out", openssl.folder / "rsa.der")
    openssl("dgst", "-sha256", "-sign", private, "-out", openssl.folder / "value", openssl.file("data", b"sample"))
    public, value = (openssl.folder / "rsa.der").read_bytes(), (openssl.folder / "value").read_bytes()
    assert ciphers.verified(public, b"sample", value) and not ciphers.verified(public, b"Sample", value)
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", private)
    openssl("pkey", "-in", private, "-pubout", "-outform", "DER", "-out", openssl.folder / "rsa.der")
    with pytest.raises(Invalid):
        ciphers.algorithm_of((openssl.folder / "rsa.der").read_bytes())


def test_ed25519() -> None:
    """RFC 8032, 7.1, test 3."""
    raw = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    value = bytes.fromhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    key = ed25519.Ed25519PublicKey.from_public_bytes(raw)
    public = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert ciphers.verified(public, bytes.fromhex("af82"), value)
    assert not ciphers.verified(public, bytes.fromhex("af83"), value)
    assert not ciphers.verified(public, bytes.fromhex("af82"), value, hashed=True)


@pytest.mark.parametrize("junk", [b"", b"\x30\x00", b"\xff" * 80, b"\x30\x82\xff\xff"])
def test_what_cannot_be_read_is_no_signature(junk: bytes) -> None:
    assert not ciphers.verified(_sm2_public(), b"x", junk)
    assert not ciphers.verified(junk, b"x", _pair("1", "1"))
