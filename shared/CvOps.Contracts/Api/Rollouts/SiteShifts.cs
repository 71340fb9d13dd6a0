namespace CvOps.Contracts.Api;

/// <summary>The shifts of a site, for windows of rollouts that name one.</summary>
/// <param name="TimeZone">IANA name; null: UTC.</param>
public sealed record SiteShifts(SiteId Site, string? TimeZone, IReadOnlyList<Shift> Shifts);

/// <param name="Name">An identifier, once a site.</param>
/// <param name="From">Local time of day, <c>HH:mm</c>.</param>
/// <param name="To">At or before <paramref name="From"/>: on the day after.</param>
/// <param name="Days">Two-letter days (<c>mo</c> to <c>su</c>) on which it begins; null: every day.</param>
public sealed record Shift(string Name, string From, string To, IReadOnlyList<string>? Days = null);
