namespace CvOps.Fleet.Api.Catalog;

/// <summary>Every endpoint of the API in one table: the document is made of it, and the manners are kept by it. A test holds it against what is mapped.</summary>
internal static class ApiCatalog
{
    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        .. FleetOperations.All, .. DeviceOperations.All, .. EnrolmentOperations.All, .. ModelOperations.All, .. RolloutOperations.All, .. DriftOperations.All, .. FrameOperations.All, .. DatasetOperations.All,
        .. TrainingOperations.All, .. AlertOperations.All, .. AccessOperations.All,
    ];

    /// <returns>Null when the table lacks it.</returns>
    /// <param name="path">As it is mapped, below <c>/api/v1</c>.</param>
    public static ApiOperation? Find(string method, string path) => ByAddress.GetValueOrDefault($"{method} {path}");

    private static readonly Dictionary<string, ApiOperation> ByAddress = All.ToDictionary(operation => $"{operation.Method} {operation.Path}", StringComparer.OrdinalIgnoreCase);
}
