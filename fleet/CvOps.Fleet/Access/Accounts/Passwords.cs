using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Access.Accounts;

/// <summary>
/// PBKDF2-HMAC-SHA512 with a random salt. Each hash has its own number of iterations in it, so <see cref="FleetOptions.PasswordIterations"/> can be raised: who
/// signs in then gets a new hash. The default is that of OWASP's Password Storage Cheat Sheet.
/// </summary>
internal sealed class Passwords
{
    public const int Shortest = 12;

    /// <summary>A hash costs the same however long the password is, but reading one does not.</summary>
    public const int Longest = 256;

    private readonly PasswordHasher<string> _hasher;
    private readonly string _nobody;

    public Passwords(IOptions<FleetOptions> options)
    {
        _hasher = new PasswordHasher<string>(Options.Create(new PasswordHasherOptions { IterationCount = options.Value.PasswordIterations }));
        _nobody = Hash(Secrets.Make());
    }

    /// <returns>Why it cannot be a password; null when it can.</returns>
    public static string? Problem(string password, string name) => password switch
    {
        { Length: < Shortest } => $"A password has at least {Shortest} characters; four words that nobody says together are easy to keep.",
        { Length: > Longest } => $"A password has at most {Longest} characters.",
        _ when password.Distinct().Count() < 5 => "This password repeats a few letters: take another one.",
        _ when password.Contains(name, StringComparison.OrdinalIgnoreCase) => "A password does not hold the account's name.",
        _ => null,
    };

    public string Hash(string password) => _hasher.HashPassword("", password);

    /// <param name="hash">Null where there is no such account or no password: it takes as long, and fails.</param>
    /// <returns>Whether it is right, and whether it should be hashed anew.</returns>
    public (bool Right, bool Weak) Verify(string? hash, string password)
    {
        if (password.Length > Longest) return (false, false);
        var result = _hasher.VerifyHashedPassword("", hash ?? _nobody, password);
        return (hash is not null && result != PasswordVerificationResult.Failed, result == PasswordVerificationResult.SuccessRehashNeeded);
    }
}
