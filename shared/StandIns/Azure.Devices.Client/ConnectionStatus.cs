namespace Microsoft.Azure.Devices.Client;

public enum ConnectionStatus
{
    Disconnected,
    Connected,
    Disconnected_Retrying,

    /// <summary>Closed by the caller.</summary>
    Disabled,
}

public enum ConnectionStatusChangeReason
{
    Connection_Ok,
    Expired_SAS_Token,
    Device_Disabled,
    Bad_Credential,
    Retry_Expired,
    No_Network,
    Communication_Error,
    Client_Close,
}

public delegate void ConnectionStatusChangesHandler(ConnectionStatus status, ConnectionStatusChangeReason reason);
