namespace CvOps.Fleet.Tracking;

/// <summary>How much one request, one run and one name may hold. Where MLflow's server has a limit, it is that one, as of 2.17.</summary>
internal static class TrackingLimits
{
    /// <summary>Characters of an experiment's or a run's name.</summary>
    public const int Name = 500;

    /// <summary>Characters of a registered model's name and of an alias.</summary>
    public const int ModelName = 255;

    public const int Key = 250;

    public const int ParamValue = 6000;

    public const int TagValue = 8000;

    public const int Description = 5000;

    /// <summary>Characters of an address or a source.</summary>
    public const int Address = 2000;

    /// <summary>Characters of a filter or of one term of an order.</summary>
    public const int Filter = 10_000;

    /// <summary>Comparisons in one filter, and terms in one order.</summary>
    public const int Terms = 50;

    public const int MetricsPerBatch = 1000;

    public const int ParamsPerBatch = 100;

    public const int TagsPerBatch = 100;

    public const int DatasetsPerBatch = 1000;

    /// <summary>Characters of a dataset's schema, and of its source.</summary>
    public const int DatasetText = 65_535;

    /// <summary>Characters of a dataset's profile.</summary>
    public const int DatasetProfile = 1_000_000;

    /// <summary>Parameters, tags, or metrics that one run may have.</summary>
    public const int KeysPerRun = 2000;

    /// <summary>Values of one metric of one run.</summary>
    public const int PointsPerMetric = 250_000;

    /// <summary>Largest artefact, in bytes.</summary>
    public const long ArtefactBytes = 2L * 1024 * 1024 * 1024;

    public const int ArtefactsPerRun = 10_000;

    /// <summary>Entries of one page; a client that asks for more gets the rest by the page's token.</summary>
    public const int Page = 1000;

    /// <summary>The most a client may ask for without being refused: MLflow's own asks for as much.</summary>
    public const int PageAsked = 200_000;
}
