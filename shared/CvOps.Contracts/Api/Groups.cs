namespace CvOps.Contracts.Api;

/// <summary>A named set of devices; selectors know it as the label <c>group</c>. Exactly one of the two says who is in it.</summary>
/// <param name="Devices">A list: it stays as it is.</param>
/// <param name="Select">A label selector: whoever matches, whenever somebody asks.</param>
public sealed record GroupRequest(IReadOnlyList<DeviceId>? Devices = null, string? Select = null);

/// <param name="Members">Who is in it now, in the order of their names.</param>
public sealed record GroupView(string Name, IReadOnlyList<DeviceId>? Devices, string? Select, IReadOnlyList<DeviceId> Members);
