namespace CvOps.Contracts.Api;

/// <summary>A message that was set aside.</summary>
/// <param name="Reason">Why, in a sentence.</param>
/// <param name="Bytes">Length of the message as it came.</param>
/// <param name="Text">Its payload, or the beginning of it: indented JSON where it is JSON, else a hex dump.</param>
/// <param name="Whole">Whether all of it was kept; only then can it be tried again.</param>
public sealed record DeadLetterView(long Row, DateTimeOffset At, string Topic, string Reason, long Bytes, string Text, bool Whole);

/// <param name="Device">The level of the topic that names it; null where it has none.</param>
public sealed record DeadLetterCount(string? Device, string Reason, long Letters);

/// <param name="Letters">Newest first.</param>
/// <param name="Total">Kept in all, whatever was asked for.</param>
/// <param name="Counts">By device and reason, most first; of all that are kept.</param>
/// <param name="Next">For <c>before</c>; null on the last page.</param>
public sealed record DeadLetterPage(IReadOnlyList<DeadLetterView> Letters, long Total, IReadOnlyList<DeadLetterCount> Counts, long? Next);

/// <param name="By">Who says so; for the audit log.</param>
public sealed record DeadLetterAction(string By, string? Reason = null);

/// <param name="Done">Applied, or discarded; false: it stays.</param>
/// <param name="Message">What became of it, in a sentence.</param>
public sealed record DeadLetterOutcome(long Row, bool Done, string Message);
