namespace Microsoft.Azure.Devices.Client;

/// <summary>A message of the device to the cloud.</summary>
public sealed class Message : IDisposable
{
    private readonly bool _ownsBody;

    public Message()
        : this(Stream.Null)
    {
    }

    /// <param name="stream">Stays the caller's; has to be able to say its length.</param>
    public Message(Stream stream) => BodyStream = stream;

    public Message(byte[] byteArray)
        : this(new MemoryStream(byteArray)) => _ownsBody = true;

    public string? MessageId { get; set; }

    public string? CorrelationId { get; set; }

    public DateTime CreationTimeUtc { get; set; }

    public string? ContentType { get; set; }

    /// <summary>Of text: utf-8, utf-16 or utf-32. With the content type application/json the hub's routes can look into the body.</summary>
    public string? ContentEncoding { get; set; }

    public IDictionary<string, string> Properties { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    public Stream BodyStream { get; }

    public void Dispose()
    {
        if (_ownsBody) BodyStream.Dispose();
    }
}
