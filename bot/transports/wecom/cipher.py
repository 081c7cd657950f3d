"""AES-256-CBC by the OpenSSL that Python's own ``ssl`` brings along, so that it costs no further package.

WeCom's documentation (多媒体资源解密): the key is base64 and 32 bytes, the IV its first 16, and the padding PKCS#7 to a
multiple of 32 bytes, which OpenSSL itself would not take off.
"""

import _ssl
import base64
import binascii
import ctypes
import ctypes.util
from functools import cache

_KEY = 32
_BLOCK = 16
_PAD = 32


class Undecipherable(Exception):
    """It cannot be deciphered: a wrong key, half a file, or no OpenSSL to be found."""


def decipher(data: bytes, aeskey: str) -> bytes:
    """What WeCom enciphered with a picture's own key (base64, with or without its ``=``)."""
    try:
        key = base64.b64decode(aeskey + "=" * (-len(aeskey) % 4), validate=True)
    except (ValueError, binascii.Error):
        raise Undecipherable("the key is no base64") from None
    if len(key) != _KEY or not data or len(data) % _BLOCK:
        raise Undecipherable(f"{len(data)} bytes with a key of {len(key)}")
    plain = cbc(data, key, key[:_BLOCK])
    pad = plain[-1]
    if not 1 <= pad <= _PAD or plain[-pad:] != bytes([pad]) * pad:
        raise Undecipherable("the padding is wrong, so the key is")
    return plain[:-pad]


def cbc(data: bytes, key: bytes, iv: bytes) -> bytes:
    """Whole blocks deciphered, padding and all."""
    crypto = _openssl()
    context = crypto.EVP_CIPHER_CTX_new()
    plain, done = ctypes.create_string_buffer(len(data) + _BLOCK), ctypes.c_int()
    try:
        fine = (
            crypto.EVP_DecryptInit_ex(context, crypto.EVP_aes_256_cbc(), None, key, iv)
            and crypto.EVP_CIPHER_CTX_set_padding(context, 0)
            and crypto.EVP_DecryptUpdate(context, plain, ctypes.byref(done), data, len(data))
        )
    finally:
        crypto.EVP_CIPHER_CTX_free(context)
    if not fine or done.value != len(data):
        raise Undecipherable("OpenSSL refused")
    return plain.raw[: len(data)]


@cache
def _openssl() -> ctypes.CDLL:
    """The library, with the shapes of what is called. Python's ``_ssl`` leads to the one it was built with."""
    for find in (lambda: getattr(_ssl, "__file__", None), lambda: ctypes.util.find_library("crypto")):
        try:
            library = ctypes.CDLL(find())
            pointer, number = ctypes.c_void_p, ctypes.c_int
            library.EVP_CIPHER_CTX_new.restype = library.EVP_aes_256_cbc.restype = pointer
            library.EVP_CIPHER_CTX_new.argtypes = library.EVP_aes_256_cbc.argtypes = []
            library.EVP_CIPHER_CTX_free.argtypes = [pointer]
            library.EVP_CIPHER_CTX_free.restype = None
            library.EVP_CIPHER_CTX_set_padding.argtypes = [pointer, number]
            library.EVP_DecryptInit_ex.argtypes = [pointer, pointer, pointer, ctypes.c_char_p, ctypes.c_char_p]
            library.EVP_DecryptUpdate.argtypes = [pointer, pointer, pointer, ctypes.c_char_p, number]
        except (OSError, AttributeError):
            continue
        return library
    raise Undecipherable("this Python's OpenSSL is out of reach")
