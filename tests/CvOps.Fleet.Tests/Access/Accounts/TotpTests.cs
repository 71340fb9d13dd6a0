using System.Text;
using CvOps.Fleet.Access.Accounts;

namespace CvOps.Fleet.Tests.Access.Accounts;

public sealed class TotpTests
{
    // The secret of RFC 6238's vectors in base 32.
    private const string Secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    [Theory]
    [InlineData(59, "94287082")]
    [InlineData(1111111109, "07081804")]
    [InlineData(1111111111, "14050471")]
    [InlineData(1234567890, "89005924")]
    [InlineData(2000000000, "69279037")]
    [InlineData(20000000000, "65353130")]
    public void Codes_are_those_of_RFC_6238(long seconds, string code)
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(seconds);
        Assert.Equal(code, Totp.Code(Encoding.ASCII.GetBytes("12345678901234567890"), Totp.Step(at), 8));
        Assert.Equal(Totp.Step(at), Totp.Match(Secret, code[2..], at, 0));
    }

    [Fact]
    public void A_code_is_good_for_its_neighbours_and_once()
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(59);
        var step = Totp.Match(Secret, "287082", at, 0);
        Assert.Equal(1, step);
        Assert.Equal(1, Totp.Match(Secret, "287 082", at.AddSeconds(30), 0));
        Assert.Null(Totp.Match(Secret, "287082", at.AddSeconds(61), 0));
        Assert.Null(Totp.Match(Secret, "287082", at, step!.Value));
        Assert.Null(Totp.Match(Secret, "", at, 0));
        Assert.Null(Totp.Match(Secret, "28708", at, 0));
    }

    [Fact]
    public void Secrets_of_one_account_are_no_others()
    {
        var secrets = Enumerable.Range(0, 100).Select(_ => Totp.Secret()).ToHashSet();
        Assert.Equal(100, secrets.Count);
        Assert.All(secrets, secret => Assert.Matches("^[A-Z2-7]{32}$", secret));
        Assert.StartsWith("otpauth://totp/CvOps%20plant%3Aearly?secret=", Totp.Address(Secret, "early", "plant"), StringComparison.Ordinal);
    }
}
