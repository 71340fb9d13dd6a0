namespace CvOps.Fleet.Tracking;

/// <summary>Why something was not done; named as MLflow's clients know them (<c>error_code</c>).</summary>
internal enum TrackingError
{
    InvalidParameterValue,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
    EndpointNotFound,
    NotImplemented,
}

/// <summary>What was asked cannot be done; the message is a sentence for whoever asked. Thrown inside a transaction it takes that back.</summary>
internal sealed class TrackingException(TrackingError error, string message) : Exception(message)
{
    public TrackingError Error => error;

    public static TrackingException Invalid(string message) => new(TrackingError.InvalidParameterValue, message);

    /// <param name="what">experiment, run, model...</param>
    public static TrackingException Missing(string what, string id) => new(TrackingError.ResourceDoesNotExist, $"There is no {what} '{id}'.");

    public static TrackingException Taken(string message) => new(TrackingError.ResourceAlreadyExists, message);
}
