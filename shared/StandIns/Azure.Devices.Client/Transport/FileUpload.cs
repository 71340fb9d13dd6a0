using System.Globalization;

namespace Microsoft.Azure.Devices.Client.Transport;

public class FileUploadSasUriRequest
{
    /// <summary>Relative to the device's own folder.</summary>
    public string BlobName { get; set; } = "";
}

/// <summary>Where a file may be put, by an HTTPS PUT.</summary>
public class FileUploadSasUriResponse
{
    /// <summary>To be named when the upload is over.</summary>
    public string CorrelationId { get; set; } = "";

    public string HostName { get; set; } = "";

    public string ContainerName { get; set; } = "";

    public string BlobName { get; set; } = "";

    /// <summary>Begins with a question mark.</summary>
    public string SasToken { get; set; } = "";

    public Uri GetBlobUri() =>
        new(string.Format(CultureInfo.InvariantCulture, "https://{0}/{1}/{2}{3}", HostName, ContainerName, Uri.EscapeDataString(BlobName), SasToken));
}

public class FileUploadCompletionNotification
{
    public string CorrelationId { get; set; } = "";

    public bool IsSuccess { get; set; }

    public int StatusCode { get; set; }

    public string? StatusDescription { get; set; }
}
