using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace CvOps.Fleet.Access.Accounts;

/// <summary>One-time codes by the clock (RFC 6238 over RFC 4226): HMAC-SHA1, 30 seconds, 6 digits, as every authenticator has them.</summary>
internal static class Totp
{
    private const int SecretBytes = 20;
    private const int StepSeconds = 30;
    private const int Digits = 6;
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>A new secret in base 32 (RFC 4648).</summary>
    public static string Secret() => Encode(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>What an authenticator reads from a picture (Key Uri Format).</summary>
    public static string Address(string secret, string account, string fleet) =>
        $"otpauth://totp/{Uri.EscapeDataString($"CvOps {fleet}:{account}")}?secret={secret}&issuer={Uri.EscapeDataString($"CvOps {fleet}")}&algorithm=SHA1&digits={Digits}&period={StepSeconds}";

    public static long Step(DateTimeOffset at) => at.ToUnixTimeSeconds() / StepSeconds;

    /// <returns>The step whose code this is: now, the one before or the one after, and later than the last that was used; null when none.</returns>
    public static long? Match(string secret, string code, DateTimeOffset now, long used)
    {
        var key = Decode(secret);
        long? found = null;
        for (var step = Step(now) - 1; step <= Step(now) + 1; step++)
            if (Secrets.AreEqual(Code(key, step, Digits), code.Trim().Replace(" ", "", StringComparison.Ordinal)) && step > used) found = step;
        return found;
    }

    /// <summary>RFC 4226, 5.3.</summary>
    public static string Code(ReadOnlySpan<byte> key, long step, int digits)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[HMACSHA1.HashSizeInBytes];
#pragma warning disable CA5350 // What the standard says and authenticators do; nothing here rests on SHA-1 being free of collisions.
        HMACSHA1.HashData(key, counter, hash);
#pragma warning restore CA5350
        var at = hash[^1] & 0xF;
        var number = BinaryPrimitives.ReadInt32BigEndian(hash[at..]) & int.MaxValue;
        return (number % (int)Math.Pow(10, digits)).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
    }

    private static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new char[bytes.Length * 8 / 5];
        for (var i = 0; i < text.Length; i++)
        {
            var (at, shift) = (i * 5 / 8, i * 5 % 8);
            var two = (bytes[at] << 8) | (at + 1 < bytes.Length ? bytes[at + 1] : 0);
            text[i] = Alphabet[(two >> (11 - shift)) & 31];
        }
        return new string(text);
    }

    private static byte[] Decode(string text)
    {
        var bytes = new byte[text.Length * 5 / 8];
        for (var i = 0; i < text.Length; i++)
        {
            var (value, bit) = (Alphabet.IndexOf(char.ToUpperInvariant(text[i]), StringComparison.Ordinal), i * 5);
            for (var b = 0; b < 5; b++)
                if ((value >> (4 - b) & 1) == 1 && (bit + b) / 8 < bytes.Length) bytes[(bit + b) / 8] |= (byte)(0x80 >> ((bit + b) % 8));
        }
        return bytes;
    }
}
