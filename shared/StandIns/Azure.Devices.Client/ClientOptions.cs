namespace Microsoft.Azure.Devices.Client;

public class ClientOptions
{
    public Http1TransportSettings FileUploadTransportSettings { get; set; } = new();

    /// <summary>Of the tokens made of a symmetric key; zero: an hour.</summary>
    public TimeSpan SasTokenTimeToLive { get; set; }

    /// <summary>How much of a token's life is left when a new one is made, in percent; zero: 15.</summary>
    public int SasTokenRenewalBuffer { get; set; }
}
