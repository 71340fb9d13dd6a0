namespace CvOps.Contracts.Api;

/// <summary>A device asks to be let in.</summary>
/// <param name="Token">The token's id; its secret stays on the device.</param>
/// <param name="Request">PKCS #10 (PEM).</param>
/// <param name="Proof">Signature of the token's key over <see cref="Identity.EnrolmentProof.ForToken"/>.</param>
public sealed record EnrolmentRequest(string Token, string Request, byte[] Proof);

/// <param name="Certificate">The device's (PEM).</param>
/// <param name="Authority">Of the broker and the fleet (PEM); the device compares it with its token.</param>
/// <param name="Brokers">Addresses for <c>link.brokers</c>.</param>
public sealed record EnrolmentAnswer(string Certificate, string Authority, IReadOnlyList<string> Brokers)
{
    /// <summary>
    /// The device's next start must have this number or a higher one, for the fleet takes the messages of an earlier start for repetitions: one more than the highest it
    /// knows of a device of this name, whose disk may be gone. 1 where it knows none.
    /// </summary>
    public long LowestBoot { get; set; } = 1;
}

/// <summary>A token to make.</summary>
/// <param name="Purpose">For the people who read the list.</param>
/// <param name="Devices">Which devices it lets in: an id, or its beginning and <c>*</c>; null: any.</param>
public sealed record TokenRequest(string By, string Purpose, string? Devices = null)
{
    /// <summary>Devices it lets in; 1..10 000.</summary>
    public int Uses { get; set; } = 1;

    /// <summary>0..8760, above 0.</summary>
    public double ValidHours { get; set; } = 24;

    /// <summary>Also a device that is known already, whose former certificates are then revoked.</summary>
    public bool Replace { get; set; }
}

/// <param name="Text">The only time it is told.</param>
public sealed record TokenCreated(TokenView Token, string Text);

public sealed record TokenView
{
    public required string Id { get; init; }

    public required string Purpose { get; init; }

    public required string CreatedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public required int Uses { get; init; }

    public required int Used { get; init; }

    public string? Devices { get; init; }

    public required bool Replace { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }
}

/// <summary>A certificate of a device.</summary>
public sealed record CertificateView
{
    /// <summary>Upper-case hex, as openssl prints it.</summary>
    public required string Serial { get; init; }

    public required DeviceId Device { get; init; }

    public required DateTimeOffset IssuedAt { get; init; }

    public required DateTimeOffset NotAfter { get; init; }

    /// <summary><c>token ID</c>, <c>renewal</c>, or <c>file</c> for one that was issued by hand.</summary>
    public required string Origin { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    public string? Reason { get; init; }
}

/// <param name="Serial">Of one certificate; null: all that the device has.</param>
public sealed record RevocationRequest(string By, string Reason, string? Serial = null);

/// <summary>Lets a device that is known be enrolled once more, by any token that would let it in.</summary>
public sealed record ReleaseRequest(string By, string Reason)
{
    /// <summary>0..168, above 0.</summary>
    public double Hours { get; set; } = 24;
}

/// <summary>What was done.</summary>
/// <param name="Message">In a sentence.</param>
public sealed record DeviceNotice(DeviceId Device, string Message);
